/** What is drawn over a section's text: risk words, sentences without a source, the sentence that is looked at. */

import { type Extension, RangeSetBuilder, StateEffect, StateField, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { Sentence } from "../api/types.ts";
import { riskSpans } from "../text/markers.ts";
import { type PlacedSentence, placeSentences } from "../text/sentences.ts";

export interface Marks {
  readonly sentences: readonly Sentence[];
  readonly active: string | null;
  readonly writing: boolean;
}

const NO_MARKS: Marks = { sentences: [], active: null, writing: false };

class Badge extends WidgetType {
  override eq(): boolean {
    return true;
  }

  override toDOM(): HTMLElement {
    const badge = document.createElement("span");
    badge.className = "no-source";
    badge.textContent = "no source";
    return badge;
  }
}

class Pen extends WidgetType {
  override eq(): boolean {
    return true;
  }

  override toDOM(): HTMLElement {
    const pen = document.createElement("span");
    pen.className = "pen";
    pen.setAttribute("aria-hidden", "true");
    return pen;
  }
}

const RISK = Decoration.mark({ class: "risk-word" });
const UNSUPPORTED = Decoration.mark({ class: "unsupported" });
const ACTIVE = Decoration.mark({ class: "sentence-active" });
const BADGE = Decoration.widget({ widget: new Badge(), side: 1 });
const PEN = Decoration.widget({ widget: new Pen(), side: 2 });

interface Drawn {
  readonly marks: Marks;
  readonly placed: readonly PlacedSentence[];
  readonly decorations: DecorationSet;
}

function draw(doc: Text, marks: Marks): Drawn {
  const text = doc.toString();
  const placed = placeSentences(text, marks.sentences);
  const pieces: { from: number; to: number; decoration: Decoration }[] = [];
  for (const { from, to, sentence } of placed) {
    if (sentence.text === marks.active) pieces.push({ from, to, decoration: ACTIVE });
    if (!sentence.supported) {
      pieces.push({ from, to, decoration: UNSUPPORTED });
      pieces.push({ from: to, to, decoration: BADGE });
    }
  }
  for (const { from, to } of riskSpans(text)) pieces.push({ from, to, decoration: RISK });
  if (marks.writing) pieces.push({ from: text.length, to: text.length, decoration: PEN });
  pieces.sort((a, b) => a.from - b.from || a.decoration.startSide - b.decoration.startSide || a.to - b.to);
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to, decoration } of pieces) builder.add(from, to, decoration);
  return { marks, placed, decorations: builder.finish() };
}

export const setMarks = StateEffect.define<Marks>();

const field = StateField.define<Drawn>({
  create: (state) => draw(state.doc, NO_MARKS),
  update(drawn, transaction) {
    let marks = drawn.marks;
    for (const effect of transaction.effects) if (effect.is(setMarks)) marks = effect.value;
    return transaction.docChanged || marks !== drawn.marks ? draw(transaction.newDoc, marks) : drawn;
  },
  provide: (self) => EditorView.decorations.from(self, (drawn) => drawn.decorations),
});

export const marks: Extension = field;

/** Where the sentences begin that nothing in the session supports. */
export function unsupportedPlaces(view: EditorView): readonly number[] {
  const { placed } = view.state.field(field);
  return placed.filter(({ sentence }) => !sentence.supported).map(({ from }) => from);
}

/** The sentence at a place of the text, if its words are still those that the server knows. */
export function sentenceAt(view: EditorView, place: number): Sentence | null {
  const { placed } = view.state.field(field);
  return placed.find(({ from, to }) => from <= place && place <= to)?.sentence ?? null;
}

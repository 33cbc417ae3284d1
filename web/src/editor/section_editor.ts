/** One section's editor. What a person types goes out; what the model or the server writes comes in outside undo. */

import {
  history,
  historyKeymap,
  invertedEffects,
  isolateHistory,
  standardKeymap,
} from "@codemirror/commands";
import {
  Annotation,
  Compartment,
  EditorState,
  type Extension,
  StateEffect,
  Transaction,
} from "@codemirror/state";
import { EditorView, keymap, placeholder, type ViewUpdate } from "@codemirror/view";
import type { Sentence } from "../api/types.ts";
import { smallestChange } from "./change.ts";
import { keepSelection } from "./kept_selection.ts";
import { type Marks, marks, sentenceAt, setMarks, unsupportedPlaces } from "./marks.ts";
import { nativeInput } from "./native_input.ts";

export interface SectionEditorHandlers {
  /** ``from`` is what stood here before. */
  readonly onEdit: (text: string, from: string) => void;
  /** The caret came to a sentence by a click or a key, not by typing. */
  readonly onSentence: (sentence: Sentence | null) => void;
  /** Undo took a suggestion out of the text again. */
  readonly onSuggestionUndone: (suggestion: string) => void;
}

interface TakenSuggestion {
  /** The suggestion as it was offered. */
  readonly offered: string;
  readonly taken: boolean;
}

const fromState = Annotation.define<true>();
const suggestionTaken = StateEffect.define<TakenSuggestion>();

/** Undo and redo carry the reverse of the effect, so the page knows whose change was undone. */
const undoableSuggestion = invertedEffects.of((transaction) =>
  transaction.effects
    .filter((effect) => effect.is(suggestionTaken))
    .map(({ value }) => suggestionTaken.of({ offered: value.offered, taken: !value.taken })),
);

/** Whether a person may write: not into a signed note, nor before it is known what is stored. */
export type Access = "open" | "locked" | "loading";

function accessible(access: Access): Extension {
  const words = access === "loading" ? "Not loaded yet" : "Nothing written yet";
  return [EditorState.readOnly.of(access !== "open"), placeholder(words)];
}

export class SectionEditor {
  readonly view: EditorView;
  readonly #handlers: SectionEditorHandlers;
  readonly #accessible = new Compartment();
  /** A text that came while a person composed; theirs takes its place if it changed anything. */
  #waiting: string | null = null;
  #access: Access = "open";
  /** Everything was selected while there was nothing; a selection of nothing cannot say so by itself. */
  #meansAll = false;
  #marks: Marks | null = null;

  constructor(parent: HTMLElement, label: string, nonce: string, handlers: SectionEditorHandlers) {
    this.#handlers = handlers;
    this.view = new EditorView({
      parent,
      state: EditorState.create({ extensions: this.#extensions(label, nonce) }),
    });
  }

  #extensions(label: string, nonce: string): Extension {
    return [
      nonce ? EditorView.cspNonce.of(nonce) : [],
      history(),
      undoableSuggestion,
      keymap.of([{ key: "Mod-a", run: (view) => this.#selectedNothing(view) }]),
      keymap.of([...historyKeymap, ...standardKeymap]),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        "aria-label": label,
        spellcheck: "true",
        autocapitalize: "sentences",
      }),
      nativeInput,
      EditorView.domEventHandlers({
        compositionend: () => this.#composed(),
        blur: () => {
          this.#meansAll = false;
        },
      }),
      marks,
      this.#accessible.of(accessible("open")),
      EditorView.updateListener.of((update) => this.#updated(update)),
    ];
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Shows a text that did not come from this editor. A person's composition is never cut. */
  setText(text: string): void {
    const before = this.text;
    if (before === text) {
      this.#waiting = null;
      return;
    }
    if (this.view.composing) {
      this.#waiting = text;
      return;
    }
    this.#waiting = null;
    const { from, to } = this.view.state.selection.main;
    const all = from === 0 && to === before.length && (to > 0 || this.#meansAll);
    this.#meansAll = false;
    this.view.dispatch({
      changes: smallestChange(before, text),
      // Who has selected everything means everything, what comes now too.
      ...(all ? { selection: { anchor: 0, head: text.length } } : {}),
      annotations: [fromState.of(true), Transaction.addToHistory.of(false)],
    });
  }

  /** Puts ``text`` in, which holds words of the suggestion, as a change of the person's that undo takes back. */
  takeSuggestion(text: string, offered: string): void {
    this.view.dispatch({
      changes: smallestChange(this.text, text),
      effects: suggestionTaken.of({ offered, taken: true }),
      annotations: [
        fromState.of(true),
        isolateHistory.of("full"),
        Transaction.userEvent.of("input.suggestion"),
      ],
    });
  }

  setAccess(access: Access): void {
    if (access === this.#access) return;
    this.#access = access;
    // It stays focusable: a caret is how keys reach the source of a sentence in a signed note too.
    this.view.dispatch({ effects: this.#accessible.reconfigure(accessible(access)) });
  }

  setMarks(next: Marks): void {
    const same =
      this.#marks?.sentences === next.sentences &&
      this.#marks.active === next.active &&
      this.#marks.writing === next.writing;
    if (same) return;
    this.#marks = next;
    this.view.dispatch({ effects: setMarks.of(next) });
    keepSelection(this.view);
  }

  focus(): void {
    this.view.focus();
  }

  get unsupported(): readonly number[] {
    return unsupportedPlaces(this.view);
  }

  /** Puts the caret there, which shows the source of the sentence, or that it has none. */
  goTo(place: number): void {
    this.view.focus();
    this.view.dispatch({ selection: { anchor: place }, scrollIntoView: true });
    this.#handlers.onSentence(sentenceAt(this.view, place));
  }

  destroy(): void {
    this.view.destroy();
  }

  #selectedNothing(view: EditorView): boolean {
    this.#meansAll = view.state.doc.length === 0;
    return this.#meansAll;
  }

  /** After the browser has put the composed words in, or taken them back. */
  #composed(): boolean {
    window.setTimeout(() => {
      if (this.#waiting !== null) this.setText(this.#waiting);
    });
    return false;
  }

  #updated(update: ViewUpdate): void {
    const own = update.transactions.filter((transaction) => !transaction.annotation(fromState));
    const acted = (one: Transaction): boolean => one.docChanged || one.isUserEvent("select");
    if (own.some(acted)) this.#meansAll = false;
    if (own.some((transaction) => transaction.docChanged)) {
      this.#waiting = null;
      this.#handlers.onEdit(this.text, update.startState.doc.toString());
    }
    for (const transaction of own) {
      for (const effect of transaction.effects) {
        if (effect.is(suggestionTaken) && !effect.value.taken)
          this.#handlers.onSuggestionUndone(effect.value.offered);
      }
    }
    const moved = own.some((transaction) => transaction.selection && !transaction.docChanged);
    if (moved && update.view.hasFocus) {
      this.#handlers.onSentence(sentenceAt(update.view, update.state.selection.main.head));
    }
  }
}

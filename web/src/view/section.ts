/** One section of the note: its heading, whose words it holds, its editor, and what stands beside it. */

import { SectionEditor } from "../editor/section_editor.ts";
import type { SectionState } from "../state/note.ts";
import { isUnsaved } from "../state/note.ts";
import type { Evidence } from "../state/state.ts";
import { ConflictCard } from "./conflict.ts";
import { h, setAttribute, setText, show } from "./dom.ts";
import { EvidenceStrip } from "./evidence.ts";
import { changing } from "./focus.ts";
import { type IconName, icon } from "./icons.ts";
import { LateWords } from "./late_words.ts";
import { SuggestionCard } from "./suggestion.ts";
import type { TurnLookup } from "./turns.ts";

export interface SectionCommands {
  readonly edited: (section: string, text: string, from: string) => void;
  readonly evidence: (evidence: Evidence | null) => void;
  readonly takeSuggestion: (section: string, text: string) => void;
  readonly declineSuggestion: (section: string, rest: string | null) => void;
  readonly offerSuggestion: (section: string, text: string) => void;
  readonly resolveConflict: (section: string, text: string) => void;
  readonly lateWords: (section: string, words: string | null) => void;
  readonly copy: (section: string) => void;
  readonly copyWords: (words: string) => void;
  readonly goToTurn: (turn: number) => void;
}

/** What a section view needs beside its own state. */
export interface SectionContext {
  readonly locked: boolean;
  /** What is stored is not known yet: nobody is to write as if nothing were. */
  readonly loading: boolean;
  readonly running: boolean;
  readonly signedBy: string | null;
  readonly evidence: Evidence | null;
  readonly turns: TurnLookup;
}

interface Authorship {
  readonly kind: "ai" | "person" | "signed" | "none" | "writing";
  readonly words: string;
  readonly icon: IconName;
}

export function authorship(section: SectionState, context: SectionContext): Authorship {
  if (context.locked) {
    return { kind: "signed", words: `Signed by ${context.signedBy ?? "the therapist"}`, icon: "lock" };
  }
  if (section.mine) {
    const stored = section.author === "person" && !section.typed && section.text === section.base;
    return { kind: "person", words: stored ? "Written by hand" : "Edited by you", icon: "pencil" };
  }
  if (section.drafting === "writing") return { kind: "writing", words: "AI is writing", icon: "spark" };
  if (section.drafting === "waiting") return { kind: "none", words: "Waiting for the model", icon: "spark" };
  if (section.text === "") return { kind: "none", words: "", icon: "note" };
  return { kind: "ai", words: "AI draft, not reviewed", icon: "spark" };
}

function sameContext(a: SectionContext, b: SectionContext): boolean {
  return (
    a.locked === b.locked &&
    a.loading === b.loading &&
    a.running === b.running &&
    a.signedBy === b.signedBy &&
    a.evidence === b.evidence &&
    a.turns === b.turns
  );
}

export class SectionView {
  readonly id: string;
  readonly element: HTMLElement;
  readonly #heading = h("h3", { class: "section-heading" });
  readonly #authorship = h("span", { class: "authorship" });
  readonly #unsaved = h("span", { class: "section-unsaved" });
  readonly #copy: HTMLElement;
  readonly #box = h("div", { class: "section-editor" });
  readonly #editor: SectionEditor;
  readonly #suggestion: SuggestionCard;
  readonly #conflict: ConflictCard;
  readonly #late: LateWords;
  readonly #evidence: EvidenceStrip;
  #authorshipShown = "";
  #shown: { readonly section: SectionState; readonly context: SectionContext } | null = null;

  constructor(section: SectionState, nonce: string, commands: SectionCommands) {
    this.id = section.id;
    this.#copy = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": `Copy ${section.heading}`,
        title: `Copy ${section.heading}`,
      },
      icon("copy"),
    );
    this.#copy.addEventListener("click", () => commands.copy(this.id));
    this.#editor = new SectionEditor(this.#box, section.heading, nonce, {
      onEdit: (text, from) => commands.edited(this.id, text, from),
      onSentence: (sentence) =>
        commands.evidence(
          sentence && {
            section: this.id,
            sentence: sentence.text,
            turns: sentence.turns,
            supported: sentence.supported,
          },
        ),
      onSuggestionUndone: (text) => commands.offerSuggestion(this.id, text),
    });
    this.#suggestion = new SuggestionCard({
      take: (text) => {
        const offered = this.#shown?.section.suggestion ?? text;
        commands.takeSuggestion(this.id, text);
        this.#editor.takeSuggestion(text, offered);
      },
      decline: (rest) => commands.declineSuggestion(this.id, rest),
      settled: () => this.#editor.focus(),
    });
    this.#conflict = new ConflictCard((text) => {
      commands.resolveConflict(this.id, text);
      this.#editor.focus();
    });
    this.#late = new LateWords({
      addendum: (words) => commands.lateWords(this.id, words),
      copy: commands.copyWords,
      drop: () => commands.lateWords(this.id, null),
    });
    this.#evidence = new EvidenceStrip(commands.goToTurn, () => commands.evidence(null));
    this.element = h(
      "section",
      { class: "note-section", "data-section": section.id, "aria-label": section.heading },
      h(
        "div",
        { class: "section-head" },
        this.#heading,
        this.#authorship,
        this.#unsaved,
        h("span", { class: "section-tools" }, this.#copy),
      ),
      this.#box,
      this.#evidence.element,
      this.#suggestion.element,
      this.#conflict.element,
      this.#late.element,
    );
  }

  update(section: SectionState, context: SectionContext): void {
    const before = this.#shown;
    if (before && before.section === section && sameContext(before.context, context)) return;
    this.#shown = { section, context };
    setText(this.#heading, section.heading);
    this.#showAuthorship(section, context);
    setText(this.#unsaved, isUnsaved(section) && !section.conflict ? "Unsaved" : "");
    show(this.#copy, section.text !== "");
    show(this.#box, !section.stray);
    this.#editor.setAccess(context.locked ? "locked" : context.loading ? "loading" : "open");
    this.#editor.setText(section.text);
    const shown = context.evidence?.section === section.id ? context.evidence : null;
    const writing = section.drafting === "writing" && !section.mine;
    this.#editor.setMarks({ sentences: section.sentences, active: shown?.sentence ?? null, writing });
    changing(
      this.element,
      () => {
        this.#evidence.update(shown, context.turns);
        this.#suggestion.update(section, context);
        this.#conflict.update(section);
        this.#late.update(section.late, context.locked);
      },
      () => this.#editor.focus(),
    );
  }

  #showAuthorship(section: SectionState, context: SectionContext): void {
    const { kind, words, icon: name } = authorship(section, context);
    setAttribute(this.element, "data-author", kind);
    if (words === this.#authorshipShown) return;
    this.#authorshipShown = words;
    this.#authorship.replaceChildren(...(words === "" ? [] : [icon(name), h("span", {}, words)]));
  }

  focus(): void {
    this.#editor.focus();
  }

  /** Where its sentences without a source begin. */
  get unsupported(): readonly number[] {
    return this.#editor.unsupported;
  }

  /** A whole text of the model's stands beside the section's. */
  get suggested(): boolean {
    return this.#suggestion.isOpen;
  }

  toSuggestion(): void {
    this.element.scrollIntoView({ block: "nearest" });
    this.#suggestion.focus();
  }

  goTo(place: number): void {
    this.#editor.goTo(place);
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Whether there is anything to choose here, which then takes the focus. */
  toChoice(): boolean {
    const card = [this.#conflict.element, this.#late.element].find(({ hidden }) => !hidden);
    card?.scrollIntoView({ block: "nearest" });
    card?.querySelector<HTMLElement>("button:not([hidden])")?.focus();
    return card !== undefined;
  }

  destroy(): void {
    this.#editor.destroy();
  }
}

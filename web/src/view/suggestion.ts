/** The model's text beside a person's: to be used whole, settled difference by difference, or declined. */

import type { SectionState } from "../state/note.ts";
import { compareTexts, hunksOf, likeness, type Part, withDeclined, withTaken } from "../text/hunks.ts";
import { count } from "../text/words.ts";
import { diffText } from "./diff_text.ts";
import { button, h, setText, show } from "./dom.ts";
import { hunkText } from "./hunk_text.ts";
import { icon } from "./icons.ts";

export interface SuggestionCommands {
  /** ``text`` is the section's text with all of the suggestion in it, or some. */
  readonly take: (text: string) => void;
  /** ``rest`` is what may still be wanted of the suggestion. */
  readonly decline: (rest: string | null) => void;
  /** Where the focus goes when the suggestion is settled. */
  readonly settled: () => void;
}

/** Texts that share less are read one after the other, not compared. */
const ALIKE = 0.4;

export class SuggestionCard {
  readonly element = h("div", { class: "beside suggestion", hidden: true });
  readonly #commands: SuggestionCommands;
  readonly #title = h("h4");
  readonly #text = h("div", { class: "suggestion-text" });
  readonly #take: HTMLButtonElement;
  readonly #decline: HTMLButtonElement;
  readonly #compare: HTMLButtonElement;
  /** What the person asked for; null while nobody did, and the texts decide. */
  #asked: boolean | null = null;
  #section: SectionState | null = null;
  #writing = false;

  constructor(commands: SuggestionCommands) {
    this.#commands = commands;
    this.#take = button("Use this text", "primary", () => this.#takeAll(), icon("check"));
    this.#decline = button("Keep mine", "plain", () => this.#declineAll(), icon("cross"));
    this.#compare = button("Compare with mine", "plain", () => this.#toggle(), icon("list"));
    this.element.append(
      h("div", { class: "suggestion-head" }, icon("spark"), this.#title),
      this.#text,
      h("div", { class: "suggestion-actions" }, this.#take, this.#decline, this.#compare),
    );
  }

  update(
    section: SectionState,
    { running, locked }: { readonly running: boolean; readonly locked: boolean },
  ): void {
    const before = this.#section;
    const wrote = this.#writing;
    this.#section = section;
    this.#writing = running && section.drafting === "writing";
    const offered = Boolean(section.suggestion) && section.conflict === null && !locked;
    show(this.element, offered);
    if (!offered) {
      this.#asked = null;
      return;
    }
    // Until it is whole there is nothing to take or to decline.
    this.#take.disabled = this.#writing;
    this.#decline.disabled = this.#writing;
    const same = before?.suggestion === section.suggestion && before?.text === section.text;
    if (!same || wrote !== this.#writing) this.#show();
  }

  /** It is there to be settled, and not still being written. */
  get isOpen(): boolean {
    return !this.element.hidden && !this.#writing;
  }

  /** What can be pressed first takes the focus. */
  focus(): void {
    this.element.scrollIntoView({ block: "nearest" });
    this.element.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
  }

  get #texts(): { readonly mine: string; readonly theirs: string } {
    return { mine: this.#section?.text ?? "", theirs: this.#section?.suggestion ?? "" };
  }

  #takeAll(): void {
    this.#commands.take(this.#texts.theirs);
    this.#commands.settled();
  }

  #declineAll(): void {
    this.#commands.decline(null);
    this.#commands.settled();
  }

  #toggle(): void {
    this.#asked = this.#compare.getAttribute("aria-pressed") !== "true";
    this.#show();
  }

  #show(): void {
    const { mine, theirs } = this.#texts;
    const parts = this.#writing ? [] : compareTexts(mine, theirs);
    const comparing = this.#asked ?? likeness(parts) >= ALIKE;
    this.#compare.setAttribute("aria-pressed", String(comparing));
    setText(this.#title, this.#words(parts, comparing));
    this.#text.replaceChildren(this.#body(parts, comparing));
  }

  #words(parts: readonly Part[], comparing: boolean): string {
    if (this.#writing) return "The model is writing its own version";
    const differences = hunksOf(parts).length;
    const beside = comparing ? `, ${count(differences, "difference", "differences")} from yours` : "";
    return `The model's version of this section${beside}`;
  }

  #body(parts: readonly Part[], comparing: boolean): HTMLElement {
    const { mine, theirs } = this.#texts;
    if (!comparing) return h("p", {}, theirs);
    if (this.#writing) return diffText(mine, theirs);
    return hunkText(parts, {
      take: (hunk, place) => {
        this.#commands.take(withTaken(parts, hunk));
        this.#goOn(place);
      },
      decline: (hunk, place) => {
        this.#commands.decline(withDeclined(parts, hunk));
        this.#goOn(place);
      },
    });
  }

  /** The difference after the one that was settled takes the focus, so that keys go on from there. */
  #goOn(place: number): void {
    window.requestAnimationFrame(() => {
      const buttons = [...this.#text.querySelectorAll<HTMLElement>(".hunk-take")];
      const next = buttons[Math.min(place, buttons.length - 1)];
      if (next && !this.element.hidden) next.focus();
      else this.#commands.settled();
    });
  }
}

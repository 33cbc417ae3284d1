/** Around the sections of a note: what wrote them, what was dangerous in the session, what was added, who signed. */

import type { NoteState, StoredNote } from "../state/note.ts";
import { fallbackWords, modelWords, signature, trustWords } from "../text/origin.ts";
import { dayAndTime, speakerName } from "../text/words.ts";
import { h, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";

function turnLink(turn: number, goToTurn: (turn: number) => void): HTMLElement {
  const link = h("button", { type: "button", class: "quote-link" }, `turn ${turn + 1}`);
  link.addEventListener("click", () => goToTurn(turn));
  return link;
}

function riskWords(stored: StoredNote, goToTurn: (turn: number) => void): readonly HTMLElement[] {
  return stored.risk.map(({ term, category, negated, speaker, turn }) => {
    const denied = negated ? " (negated)" : "";
    return h(
      "li",
      {},
      h("span", { class: "risk-word" }, term),
      `${denied} · ${category} · ${speakerName(speaker).toLowerCase()}${turn === null ? "" : ", "}`,
      turn !== null && turnLink(turn, goToTurn),
    );
  });
}

function addenda(stored: StoredNote): readonly HTMLElement[] {
  return stored.addenda.map(({ author, createdAt, text }) =>
    h(
      "section",
      { class: "addendum" },
      h("h3", {}, `Addendum · ${author || "therapist"} · ${dayAndTime(createdAt)}`),
      h("p", {}, text),
    ),
  );
}

export class Origin {
  /** What stands above the sections, and what below. */
  readonly above: readonly HTMLElement[];
  readonly below: readonly HTMLElement[];
  readonly #goToTurn: (turn: number) => void;
  readonly #demonstration = h(
    "p",
    { class: "banner banner-demo", hidden: true },
    icon("warning"),
    h(
      "span",
      {},
      h("strong", {}, "Demonstration model. "),
      "The text comes from the small model that ships with the product. It shows how the service works; it is not fit for clinical use.",
    ),
  );
  readonly #fallbackWords = h("span", {});
  readonly #fallback = h(
    "p",
    { class: "banner banner-warn", hidden: true },
    icon("warning"),
    this.#fallbackWords,
  );
  readonly #risk = h("ul", { class: "risk-list" });
  readonly #riskBox: HTMLElement;
  readonly #signature = h("p", { class: "note-signature" });
  readonly #trust = h("p", { class: "note-trust" });
  readonly #model = h("p", { class: "note-meta" });
  readonly #addenda = h("div", { class: "addenda" });
  #shown: { readonly stored: StoredNote | null; readonly demonstration: boolean } | null = null;

  /** ``foot``: what else stands at the end of the note. */
  constructor(goToTurn: (turn: number) => void, ...foot: readonly HTMLElement[]) {
    this.#goToTurn = goToTurn;
    this.#riskBox = h(
      "section",
      { class: "risk-box", "aria-label": "Risk words in the session", hidden: true },
      h("h3", { class: "section-heading" }, icon("warning"), "Risk words in the session"),
      this.#risk,
    );
    this.above = [this.#demonstration, this.#fallback];
    this.below = [
      this.#riskBox,
      this.#addenda,
      h("footer", { class: "note-foot" }, this.#signature, this.#trust, this.#model, ...foot),
    ];
  }

  /** ``demonstrated``: the model that writes now is one. */
  update(note: NoteState, demonstrated: boolean): void {
    const { stored } = note;
    const demonstration = note.generation ? demonstrated : stored?.demonstration === true;
    if (this.#shown?.stored === stored && this.#shown.demonstration === demonstration) return;
    this.#shown = { stored, demonstration };
    show(this.#demonstration, demonstration);
    setText(this.#fallbackWords, stored ? fallbackWords(stored) : "");
    show(this.#fallback, stored?.fallback === true);
    show(this.#riskBox, (stored?.risk.length ?? 0) > 0);
    this.#risk.replaceChildren(...(stored ? riskWords(stored, this.#goToTurn) : []));
    this.#addenda.replaceChildren(...(stored ? addenda(stored) : []));
    setText(this.#signature, stored ? signature(stored) : "");
    setText(this.#trust, stored ? trustWords(note, stored) : "");
    setText(this.#model, stored ? modelWords(stored) : "");
  }
}

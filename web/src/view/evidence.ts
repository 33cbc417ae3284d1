/** Under a section: what was said that the chosen sentence stands on, or that nothing was. */

import type { Evidence } from "../state/state.ts";
import { clock, speakerName, turnNumbers } from "../text/words.ts";
import { h, show } from "./dom.ts";
import { icon } from "./icons.ts";
import type { TurnLookup } from "./turns.ts";

const QUOTES = 4;

export class EvidenceStrip {
  readonly element = h("aside", { class: "evidence", "aria-label": "Source of the sentence", hidden: true });
  readonly #goToTurn: (turn: number) => void;
  readonly #close: () => void;
  #shown: Evidence | null = null;

  constructor(goToTurn: (turn: number) => void, close: () => void) {
    this.#goToTurn = goToTurn;
    this.#close = close;
  }

  update(evidence: Evidence | null, turns: TurnLookup): void {
    if (evidence === this.#shown) return;
    this.#shown = evidence;
    show(this.element, evidence !== null);
    if (!evidence) return;
    const close = h(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Close the source" },
      icon("cross"),
    );
    close.addEventListener("click", this.#close);
    this.element.classList.toggle("evidence-missing", !evidence.supported);
    this.element.replaceChildren(
      h(
        "div",
        { class: "evidence-head" },
        icon(evidence.supported ? "quote" : "warning"),
        this.#title(evidence),
        close,
      ),
      ...evidence.turns.slice(0, QUOTES).map((index) => this.#quote(index, turns)),
    );
  }

  #title(evidence: Evidence): HTMLElement {
    const turns = evidence.turns.length === 1 ? "turn" : "turns";
    const where = evidence.turns.length > 0 ? `${turns} ${turnNumbers(evidence.turns)}` : "";
    if (evidence.supported)
      return h("strong", {}, where ? `Said in ${where}` : "Stated by rule, not by a turn");
    const closest = where ? ` The closest: ${where}.` : "";
    return h("strong", {}, `Nothing in the session supports this sentence.${closest}`);
  }

  #quote(index: number, turns: TurnLookup): HTMLElement {
    const turn = turns(index);
    const time = turn && turn.start !== null ? ` ${clock(turn.start)}` : "";
    const words = `${turn ? speakerName(turn.speaker) : "Turn"}${time}`;
    const link = h("button", { type: "button", class: "quote-link" }, words);
    link.setAttribute("aria-label", `${words}, go to turn ${index + 1} in the transcript`);
    link.addEventListener("click", () => this.#goToTurn(index));
    return h("blockquote", {}, link, h("p", {}, turn?.text ?? "This turn is not loaded."));
  }
}

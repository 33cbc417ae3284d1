/** Words that came too late for a signed note: they can go into an addendum, and go nowhere by themselves. */

import { button, h, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";

export interface LateWordsCommands {
  readonly addendum: (words: string) => void;
  readonly drop: () => void;
}

export class LateWords {
  readonly element: HTMLElement;
  readonly #text = h("p", { class: "suggestion-text" });
  #words = "";

  constructor(commands: LateWordsCommands) {
    this.element = h(
      "div",
      { class: "beside late-words", hidden: true },
      h(
        "div",
        { class: "suggestion-head" },
        icon("warning"),
        h("h4", {}, "Signed without these words of yours"),
      ),
      this.#text,
      h(
        "div",
        { class: "suggestion-actions" },
        button("Add them as an addendum", "primary", () => commands.addendum(this.#words), icon("plus")),
        button("Drop them", "plain", commands.drop, icon("cross")),
      ),
    );
  }

  update(late: string | null): void {
    show(this.element, late !== null);
    this.#words = late ?? "";
    setText(this.#text, this.#words);
  }
}

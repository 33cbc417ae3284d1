/** Words that are not in the note: they came too late for a signature, or it has no place for them any more. They go nowhere by themselves. */

import { button, h, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";

export interface LateWordsCommands {
  readonly addendum: (words: string) => void;
  readonly copy: (words: string) => void;
  readonly drop: () => void;
}

export class LateWords {
  readonly element: HTMLElement;
  readonly #text = h("p", { class: "suggestion-text" });
  readonly #title = h("h4");
  readonly #addendum: HTMLElement;
  readonly #copy: HTMLElement;
  #words = "";

  constructor(commands: LateWordsCommands) {
    this.#addendum = button(
      "Add them as an addendum",
      "primary",
      () => commands.addendum(this.#words),
      icon("plus"),
    );
    this.#copy = button("Copy them", "primary", () => commands.copy(this.#words), icon("copy"));
    this.element = h(
      "div",
      { class: "beside late-words", hidden: true },
      h("div", { class: "suggestion-head" }, icon("warning"), this.#title),
      this.#text,
      h(
        "div",
        { class: "suggestion-actions" },
        this.#addendum,
        this.#copy,
        button("Drop them", "plain", commands.drop, icon("cross")),
      ),
    );
  }

  /** ``signed``: an unsigned note takes no addendum, but the words can be put into one of its sections. */
  update(late: string | null, signed: boolean): void {
    setText(
      this.#title,
      signed ? "Signed without these words of yours" : "The note is without these words of yours",
    );
    show(this.#addendum, signed);
    show(this.#copy, !signed);
    show(this.element, late !== null);
    this.#words = late ?? "";
    setText(this.#text, this.#words);
  }
}

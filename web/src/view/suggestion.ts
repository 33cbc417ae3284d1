/** What stands beside a person's words: the model's text, or another person's, never in their place unasked. */

import type { SectionState } from "../state/note.ts";
import { mergeTexts } from "../text/merge.ts";
import { diffText } from "./diff_text.ts";
import { button, h, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";

export interface SuggestionCommands {
  readonly accept: (text: string) => void;
  readonly dismiss: () => void;
  readonly resolve: (text: string) => void;
}

class ConflictBody {
  readonly element: HTMLElement;
  readonly #mine = h("p", { class: "suggestion-text" });
  readonly #theirs = h("div", { class: "suggestion-text" });
  readonly #merge = h("textarea", { rows: "4", "aria-label": "Both texts together" });
  #section: SectionState | null = null;

  constructor(resolve: (text: string) => void) {
    const texts = (): { mine: string; theirs: string } => ({
      mine: this.#section?.text ?? "",
      theirs: this.#section?.conflict?.theirs ?? "",
    });
    this.element = h(
      "div",
      { class: "conflict-body" },
      h("h5", {}, "Yours"),
      this.#mine,
      h("h5", {}, "Stored by somebody else, compared with yours"),
      this.#theirs,
      h("h5", {}, "Both together, to be corrected"),
      this.#merge,
      h(
        "div",
        { class: "suggestion-actions" },
        button("Save both together", "primary", () => resolve(this.#merge.value)),
        button("Keep mine", "plain", () => resolve(texts().mine)),
        button("Take theirs", "plain", () => resolve(texts().theirs)),
      ),
      h("p", { class: "quiet-text" }, "Whatever you choose, both texts stay in the versions of this note."),
    );
  }

  update(section: SectionState): void {
    const known = this.#section;
    this.#section = section;
    if (!section.conflict) return;
    if (known?.conflict === section.conflict && known.text === section.text) return;
    setText(this.#mine, section.text || "(empty)");
    this.#theirs.replaceChildren(diffText(section.text, section.conflict.theirs));
    this.#merge.value = mergeTexts(section.conflict.base, section.text, section.conflict.theirs);
  }
}

export class SuggestionCard {
  readonly element = h("div", { class: "beside suggestion", hidden: true });
  readonly #title = h("h4");
  readonly #text = h("div", { class: "suggestion-text" });
  readonly #offer: HTMLElement;
  readonly #conflict: ConflictBody;
  readonly #accept: HTMLButtonElement;
  readonly #dismiss: HTMLButtonElement;
  readonly #diff: HTMLButtonElement;
  #showDiff = false;
  #section: SectionState | null = null;

  constructor(commands: SuggestionCommands) {
    this.#conflict = new ConflictBody(commands.resolve);
    this.#accept = button(
      "Use this text",
      "primary",
      () => {
        if (this.#section?.suggestion) commands.accept(this.#section.suggestion);
      },
      icon("check"),
    );
    this.#dismiss = button("Keep mine", "plain", commands.dismiss, icon("cross"));
    this.#diff = button("Compare with mine", "plain", () => this.#toggle(), icon("list"));
    this.#diff.setAttribute("aria-pressed", "false");
    this.#offer = h(
      "div",
      {},
      this.#text,
      h("div", { class: "suggestion-actions" }, this.#accept, this.#dismiss, this.#diff),
    );
    this.element.append(
      h("div", { class: "suggestion-head" }, icon("spark"), this.#title),
      this.#offer,
      this.#conflict.element,
    );
  }

  #toggle(): void {
    this.#showDiff = !this.#showDiff;
    this.#diff.setAttribute("aria-pressed", String(this.#showDiff));
    if (this.#section) this.#showText(this.#section);
  }

  update(
    section: SectionState,
    { running, locked }: { readonly running: boolean; readonly locked: boolean },
  ): void {
    const before = this.#section;
    this.#section = section;
    const conflict = section.conflict !== null;
    const offered = section.suggestion !== null && section.suggestion !== "" && !conflict && !locked;
    show(this.element, conflict || offered);
    show(this.#offer, offered);
    show(this.#conflict.element, conflict);
    this.element.classList.toggle("is-conflict", conflict);
    this.#conflict.update(section);
    if (!offered && !conflict) return;
    const writing = running && section.drafting === "writing";
    setText(this.#title, this.#words(conflict, writing));
    // Until it is whole there is nothing to take or to decline.
    this.#accept.disabled = writing;
    this.#dismiss.disabled = writing;
    const changed = before?.suggestion !== section.suggestion || before?.text !== section.text;
    if (offered && changed) this.#showText(section);
  }

  #words(conflict: boolean, writing: boolean): string {
    if (conflict) return "Somebody else changed this section too";
    return writing ? "The model is writing its own version" : "The model's version of this section";
  }

  #showText(section: SectionState): void {
    const suggestion = section.suggestion ?? "";
    this.#text.replaceChildren(this.#showDiff ? diffText(section.text, suggestion) : h("p", {}, suggestion));
  }
}

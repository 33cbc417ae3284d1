/** Two people changed one section: both texts, and one that holds the words of both, until one of them is chosen. */

import type { SectionState } from "../state/note.ts";
import { mergeTexts } from "../text/merge.ts";
import { diffText } from "./diff_text.ts";
import { button, h, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";

export class ConflictCard {
  readonly element: HTMLElement;
  readonly #mine = h("p", { class: "suggestion-text" });
  readonly #theirs = h("div", { class: "suggestion-text" });
  readonly #merge = h("textarea", { rows: "4", "aria-label": "Both texts together" });
  #section: SectionState | null = null;
  /** What was put into the field last. */
  #proposed = "";

  constructor(resolve: (text: string) => void) {
    const texts = (): { mine: string; theirs: string } => ({
      mine: this.#section?.text ?? "",
      theirs: this.#section?.conflict?.theirs ?? "",
    });
    this.element = h(
      "div",
      { class: "beside conflict", hidden: true },
      h(
        "div",
        { class: "suggestion-head" },
        icon("warning"),
        h("h4", {}, "Somebody else changed this section too"),
      ),
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
    show(this.element, section.conflict !== null);
    if (!section.conflict) return;
    const { base, theirs } = section.conflict;
    const same = known?.conflict?.theirs === theirs && known.conflict.base === base;
    if (same && known.text === section.text) return;
    setText(this.#mine, section.text || "(empty)");
    this.#theirs.replaceChildren(diffText(section.text, theirs));
    this.#propose(mergeTexts(base, section.text, theirs), Boolean(known?.conflict));
  }

  /** What was corrected in an earlier proposal is merged with the next one, and the caret stays about where it is. */
  #propose(proposal: string, again: boolean): void {
    const { value, selectionStart, selectionEnd } = this.#merge;
    const corrected = again && value !== this.#proposed;
    this.#merge.value = corrected ? mergeTexts(this.#proposed, value, proposal) : proposal;
    if (corrected) this.#merge.setSelectionRange(selectionStart, selectionEnd);
    this.#proposed = proposal;
  }
}

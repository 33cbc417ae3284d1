/** A difference as text: what went is struck through, what came is underlined, and both say so to a reader. */

import { wordDiff } from "../text/diff.ts";
import { h } from "./dom.ts";

export function diffText(before: string, after: string): HTMLElement {
  const pieces = wordDiff(before, after).map((piece) => {
    if (piece.kind === "same") return piece.text;
    return h(piece.kind === "added" ? "ins" : "del", {}, piece.text);
  });
  return h("p", { class: "diff-text" }, ...pieces);
}

/** Word differences between two texts. */

import { presentableDiff } from "@codemirror/merge";

export interface Piece {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** The pieces that make ``before`` into ``after``: same and removed ones are ``before``, same and added ones ``after``. */
export function wordDiff(before: string, after: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const push = (kind: Piece["kind"], text: string): void => {
    if (text !== "") pieces.push({ kind, text });
  };
  let from = 0;
  for (const change of presentableDiff(before, after)) {
    push("same", before.slice(from, change.fromA));
    push("removed", before.slice(change.fromA, change.toA));
    push("added", after.slice(change.fromB, change.toB));
    from = change.toA;
  }
  push("same", before.slice(from));
  return pieces;
}

/** Both texts in one: what either holds stays, so that no word of either is lost. */
export function combined(mine: string, theirs: string): string {
  return wordDiff(mine, theirs)
    .map((piece) => piece.text)
    .join(" ")
    .replace(/[^\S\n]+/g, " ")
    .trim();
}

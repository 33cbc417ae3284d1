/** Word differences between two texts. */

import { editsBetween, tokensOf } from "./edits.ts";

export interface Piece {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** The pieces that make ``before`` into ``after``: same and removed ones are ``before``, same and added ones ``after``. */
export function wordDiff(before: string, after: string): readonly Piece[] {
  const tokens = tokensOf(before);
  const pieces: Piece[] = [];
  const push = (kind: Piece["kind"], words: readonly string[]): void => {
    if (words.length > 0) pieces.push({ kind, text: words.join("") });
  };
  let at = 0;
  for (const edit of editsBetween(tokens, tokensOf(after))) {
    push("same", tokens.slice(at, edit.from));
    push("removed", tokens.slice(edit.from, edit.to));
    push("added", edit.tokens);
    at = edit.to;
  }
  push("same", tokens.slice(at));
  return pieces;
}

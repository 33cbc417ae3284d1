/** From one text to another with the caret where it was. */

export interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** The smallest single change from one text to another, so that a caret outside of it does not move. */
export function smallestChange(before: string, after: string): Replacement {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end += 1;
  }
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

/** Two wordings of one text as what they share and what they do not: each difference can be settled by itself. */

import { wordDiff } from "./diff.ts";

/** One difference: the words here, and those that are offered in their place. Either may be empty. */
export interface Hunk {
  readonly mine: string;
  readonly theirs: string;
}

export type Part = { readonly same: string } | Hunk;

/** Fewer words than this in common between two differences do not part them: one choice is easier read than two. */
const LEAST_WORDS_BETWEEN = 3;

function wordsIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** The parts in order. Joined, the same ones and ``mine`` are the one text, the same ones and ``theirs`` the other. */
export function compareTexts(mine: string, theirs: string): readonly Part[] {
  const parts: Part[] = [];
  let open: Hunk | null = null;
  let between = "";
  for (const { kind, text } of wordDiff(mine, theirs)) {
    if (kind === "same" && open && wordsIn(text) < LEAST_WORDS_BETWEEN) {
      between = text;
    } else if (kind === "same") {
      if (open) parts.push(open);
      parts.push({ same: text });
      open = null;
    } else {
      const hunk: Hunk = open ?? { mine: "", theirs: "" };
      const [own, other] = [hunk.mine + between, hunk.theirs + between];
      open = kind === "removed" ? { mine: own + text, theirs: other } : { mine: own, theirs: other + text };
      between = "";
    }
  }
  if (open) parts.push(open);
  if (between !== "") parts.push({ same: between });
  return parts;
}

export function hunksOf(parts: readonly Part[]): readonly Hunk[] {
  return parts.filter((part) => "mine" in part);
}

/** The text with one hunk in the one wording, and all others in the other. */
function joined(parts: readonly Part[], side: (hunk: Hunk) => string): string {
  return parts.map((part) => ("same" in part ? part.same : side(part))).join("");
}

/** My text after this one of their changes was taken. */
export function withTaken(parts: readonly Part[], taken: Hunk): string {
  return joined(parts, (hunk) => (hunk === taken ? hunk.theirs : hunk.mine));
}

/** Their text after I kept my words at this one place. */
export function withDeclined(parts: readonly Part[], declined: Hunk): string {
  return joined(parts, (hunk) => (hunk === declined ? hunk.mine : hunk.theirs));
}

/** How much of the shorter text stands in the other too, from 0 to 1: whether comparing them tells a reader anything. */
export function likeness(parts: readonly Part[]): number {
  let [same, mine, theirs] = [0, 0, 0];
  for (const part of parts) {
    if ("same" in part) same += wordsIn(part.same);
    else {
      mine += wordsIn(part.mine);
      theirs += wordsIn(part.theirs);
    }
  }
  const shorter = same + Math.min(mine, theirs);
  return shorter === 0 ? 0 : same / shorter;
}

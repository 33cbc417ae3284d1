/** Two changed versions of one text made into one. Where the changes meet, both wordings stand, one after the other. */

import { type Edit, editsBetween, tokensOf } from "./edits.ts";

interface Region {
  from: number;
  to: number;
  readonly mine: Edit[];
  readonly theirs: Edit[];
}

function meets(region: Region, edit: Edit): boolean {
  return edit.from <= region.to && region.from <= edit.to;
}

/** The edits of both, gathered where they meet. */
function regions(mine: readonly Edit[], theirs: readonly Edit[]): readonly Region[] {
  const all = [
    ...mine.map((edit) => ({ edit, own: true })),
    ...theirs.map((edit) => ({ edit, own: false })),
  ].sort((a, b) => a.edit.from - b.edit.from || a.edit.to - b.edit.to);
  const found: Region[] = [];
  for (const { edit, own } of all) {
    let region = found.at(-1);
    if (!region || !meets(region, edit)) {
      region = { from: edit.from, to: edit.to, mine: [], theirs: [] };
      found.push(region);
    }
    region.to = Math.max(region.to, edit.to);
    (own ? region.mine : region.theirs).push(edit);
  }
  return found;
}

/** The region's words after some edits. */
function after(base: readonly string[], region: Region, edits: readonly Edit[]): string {
  let text = "";
  let at = region.from;
  for (const edit of edits) {
    text += base.slice(at, edit.from).join("") + edit.tokens.join("");
    at = edit.to;
  }
  return text + base.slice(at, region.to).join("");
}

function both(mine: string, theirs: string): string {
  if (mine.trim() === "") return theirs;
  if (theirs.trim() === "") return mine;
  const apart = /\s$/.test(mine) || /^\s/.test(theirs);
  return mine + (apart ? "" : " ") + theirs;
}

/** One text with the changes of both: no word that either of them wrote is missing from it. */
export function mergeTexts(base: string, mine: string, theirs: string): string {
  const words = tokensOf(base);
  let merged = "";
  let at = 0;
  for (const region of regions(editsBetween(words, tokensOf(mine)), editsBetween(words, tokensOf(theirs)))) {
    merged += words.slice(at, region.from).join("");
    const [own, others] = [after(words, region, region.mine), after(words, region, region.theirs)];
    if (region.theirs.length === 0 || own === others) merged += own;
    else if (region.mine.length === 0) merged += others;
    else merged += both(own, others);
    at = region.to;
  }
  return merged + words.slice(at).join("");
}

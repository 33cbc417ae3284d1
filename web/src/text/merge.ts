/** Two changed versions of one text made into one, by words; null where they changed the same place. */

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly words: readonly string[];
}

const tokens = (text: string): readonly string[] => text.match(/\s+|[^\s]+/g) ?? [];

/** The longest common run of words, as one table of lengths; sections are some hundred words at most. */
function lengths(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = table[i];
    const below = table[i + 1];
    if (!row || !below) continue;
    for (let j = b.length - 1; j >= 0; j -= 1) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}

function edits(base: readonly string[], changed: readonly string[]): readonly Edit[] {
  const table = lengths(base, changed);
  const found: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < base.length || j < changed.length) {
    if (i < base.length && j < changed.length && base[i] === changed[j]) {
      i += 1;
      j += 1;
      continue;
    }
    const from = i;
    const start = j;
    while (i < base.length || j < changed.length) {
      if (i < base.length && j < changed.length && base[i] === changed[j]) break;
      const down = i < base.length ? (table[i + 1]?.[j] ?? 0) : -1;
      const right = j < changed.length ? (table[i]?.[j + 1] ?? 0) : -1;
      if (down >= right) i += 1;
      else j += 1;
    }
    found.push({ from, to: i, words: changed.slice(start, j) });
  }
  return found;
}

function touch(a: Edit, b: Edit): boolean {
  return a.from <= b.to && b.from <= a.to;
}

/** The text with both people's changes, or null where their changes meet. */
export function mergeTexts(base: string, mine: string, theirs: string): string | null {
  if (mine === theirs || theirs === base) return mine;
  if (mine === base) return theirs;
  const words = tokens(base);
  const own = edits(words, tokens(mine));
  const others = edits(words, tokens(theirs));
  if (own.some((edit) => others.some((other) => touch(edit, other)))) return null;
  const all = [...own, ...others].sort((a, b) => a.from - b.from);
  let merged = "";
  let at = 0;
  for (const edit of all) {
    merged += words.slice(at, edit.from).join("") + edit.words.join("");
    at = edit.to;
  }
  return merged + words.slice(at).join("");
}

/** What makes one text into another, word by word. Differences and merges are both made of this. */

/** Tokens ``from`` to ``to`` of the old text became ``tokens``. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly tokens: readonly string[];
}

/** Beyond this many comparisons the middle counts as replaced as a whole; sections are far below it. */
const MOST_CELLS = 4_000_000;

/** Words and the white space between them; nothing is left out. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\s+|[^\s]+/g) ?? [];
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start += 1;
  return start;
}

function commonEnd(a: readonly string[], b: readonly string[], start: number): number {
  const shorter = Math.min(a.length, b.length) - start;
  let end = 0;
  while (end < shorter && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return end;
}

/** ``table[i * width + j]`` is the length of the longest common run of words of ``a`` from i and ``b`` from j. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint16Array {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const down = table[(i + 1) * width + j] ?? 0;
      const right = table[i * width + j + 1] ?? 0;
      const both = (table[(i + 1) * width + j + 1] ?? 0) + 1;
      table[i * width + j] = a[i] === b[j] ? both : Math.max(down, right);
    }
  }
  return table;
}

function walk(a: readonly string[], b: readonly string[], offset: number): readonly Edit[] {
  const table = commonLengths(a, b);
  const width = b.length + 1;
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [from, start] = [i, j];
    while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j])) {
      const down = i < a.length ? (table[(i + 1) * width + j] ?? 0) : -1;
      const right = j < b.length ? (table[i * width + j + 1] ?? 0) : -1;
      if (down >= right) i += 1;
      else j += 1;
    }
    if (i > from || j > start) edits.push({ from: from + offset, to: i + offset, tokens: b.slice(start, j) });
    i += 1;
    j += 1;
  }
  return edits;
}

/** The edits that make ``before`` into ``after``, in order and apart from each other. */
export function editsBetween(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const start = commonStart(before, after);
  const end = commonEnd(before, after, start);
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  if (a.length === 0 && b.length === 0) return [];
  if ((a.length + 1) * (b.length + 1) > MOST_CELLS) return [{ from: start, to: start + a.length, tokens: b }];
  return walk(a, b, start);
}

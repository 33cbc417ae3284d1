/** The places of a note: one for every heading of its format, whether written or not. */

import { emptySection, type Heading, isUnsaved, type NoteState } from "./note.ts";

export function sameHeadings(a: readonly Heading[], b: readonly Heading[]): boolean {
  return (
    a.length === b.length && a.every(({ id, heading }, at) => b[at]?.id === id && b[at]?.heading === heading)
  );
}

/** The note with a place for each heading, in their order; other sections stay behind them only with words in them. */
export function withHeadings(note: NoteState, headings: readonly Heading[]): NoteState {
  const known = new Map(note.sections.map((section) => [section.id, section]));
  const places = headings.map(({ id, heading }) => known.get(id) ?? emptySection(id, heading));
  const ids = new Set(headings.map(({ id }) => id));
  const others = note.sections.filter(
    (section) =>
      !ids.has(section.id) &&
      (isUnsaved(section) || section.late !== null || section.mine || section.text !== ""),
  );
  return { ...note, headings, sections: [...places, ...others] };
}

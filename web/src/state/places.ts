/** The places of a note: one for every heading of its format, whether written or not. */

import {
  besideOnly,
  emptySection,
  type Heading,
  isUnsaved,
  type NoteState,
  type SectionState,
} from "./note.ts";

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

/** What neither the note nor its format has, while ``held`` are the sections that they have. */
function withStray(section: SectionState, held: ReadonlySet<string>): SectionState {
  const stray = !held.has(section.id);
  if (stray) return section.stray ? section : { ...besideOnly(section), stray };
  return section.stray ? { ...section, stray } : section;
}

/**
 * The note whose places are those of its format. For a section that neither has, as after a change of the format, the
 * server takes no words: they stand beside the note. While it is written that is not known.
 */
export function withoutStrays(note: NoteState): NoteState {
  const { stored, generation, failure, loaded } = note;
  const known = stored ? !stored.writing : failure !== null;
  if (!loaded || generation || !known || note.headings.length === 0) return note;
  const held = new Set([...note.headings.map(({ id }) => id), ...(stored?.holds ?? [])]);
  const sections = note.sections
    .map((section) => withStray(section, held))
    .filter(({ stray, late }) => !stray || late !== null);
  const same =
    sections.length === note.sections.length &&
    sections.every((section, at) => section === note.sections[at]);
  return same ? note : { ...note, sections };
}

/** Words that another page could not save take their place again, and go the way of all unsaved words from there. */

import type { KeptWords } from "../keep/words.ts";
import { mergeUnsaved } from "./document.ts";
import { emptySection, isLocked, isUnsaved, type NoteState, type SectionState } from "./note.ts";
import { taken } from "./saving.ts";

/** The words meet what is stored: now, or where that is not here yet, when it comes. */
function recovered(section: SectionState, { base, text, owed }: KeptWords): SectionState {
  const known = isUnsaved(section);
  const stored = section.author !== null;
  if ((known || stored) && text === section.text && owed.length === 0) return section;
  // Two pages had words for it: those of the one become a version, those of the other the text.
  if (known) return { ...section, owed: [...owed, text, ...section.owed] };
  const local = { ...taken(section, text), base, owed, sent: [] };
  return stored ? mergeUnsaved(local, { ...section, text: section.base }) : local;
}

/** A signed note takes no words in: they stand beside it. */
function tooLate(section: SectionState, { text }: KeptWords): SectionState {
  if (text === section.text || text.trim() === "") return section;
  return { ...section, late: section.late === null ? text : `${section.late}\n\n${text}` };
}

export function withRecovered(note: NoteState, words: readonly KeptWords[]): NoteState {
  const sections = new Map(note.sections.map((section) => [section.id, section]));
  for (const entry of words) {
    const section = sections.get(entry.id) ?? emptySection(entry.id, entry.heading);
    sections.set(entry.id, isLocked(note) ? tooLate(section, entry) : recovered(section, entry));
  }
  return { ...note, sections: [...sections.values()] };
}

/** Words that another page could not save take their place again, and go the way of all unsaved words from there. */

import type { KeptWords } from "../keep/words.ts";
import { mergeUnsaved } from "./document.ts";
import { emptySection, isLocked, isUnsaved, lateBeside, type NoteState, type SectionState } from "./note.ts";
import { taken } from "./saving.ts";

/** Two pages had words for it: those of the one become versions, those of the other the text. */
function withOwed(section: SectionState, { text, owed }: KeptWords): SectionState {
  const words = [...owed, text].filter((word) => word.trim() !== "" && word !== section.text);
  return { ...section, owed: [...new Set([...section.owed, ...words])] };
}

/** The words meet what is stored: now, or where that is not here yet, when it comes. */
function recovered(section: SectionState, words: KeptWords): SectionState {
  const { base, text, owed } = words;
  if (text === base && owed.length === 0) return section;
  if (isUnsaved(section)) return withOwed(section, words);
  const stored = section.author !== null || section.base !== "";
  if (stored && text === section.text && owed.length === 0) return section;
  const local = { ...taken(section, text), base, owed, sent: [] };
  return stored ? mergeUnsaved(local, { ...section, text: section.base }) : local;
}

/** A signed note takes no words in: they stand beside it. */
function tooLate(section: SectionState, { base, text, owed }: KeptWords): SectionState {
  const words = text === base ? owed : [...owed, text];
  return { ...section, late: lateBeside(section.late, words, section.text) };
}

/** Words that were too late once go nowhere by themselves, also in a note that takes words again. */
function withLate(section: SectionState, { late }: KeptWords): SectionState {
  return late === null ? section : { ...section, late: lateBeside(section.late, [late], section.text) };
}

export function withRecovered(note: NoteState, words: readonly KeptWords[]): NoteState {
  const sections = new Map(note.sections.map((section) => [section.id, section]));
  for (const entry of words) {
    const section = withLate(sections.get(entry.id) ?? emptySection(entry.id, entry.heading), entry);
    sections.set(entry.id, isLocked(note) ? tooLate(section, entry) : recovered(section, entry));
  }
  return { ...note, sections: [...sections.values()] };
}

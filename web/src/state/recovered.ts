/** Words that an earlier page could not save take their place again, and go the way of all unsaved words from there. */

import type { KeptWords } from "../keep/words.ts";
import { emptySection, isUnsaved, type NoteState, type SectionState } from "./note.ts";

function recovered(section: SectionState, words: KeptWords): SectionState {
  // Two tabs were gone: the words of the one become a version, those of the other the text.
  if (isUnsaved(section)) return { ...section, owed: [...words.owed, words.text, ...section.owed] };
  const { base, text, owed } = words;
  return { ...section, base, text, owed, mine: true, typed: true };
}

/** For a note that was not loaded yet: the stored one meets these words when it comes. */
export function withRecovered(note: NoteState, words: readonly KeptWords[]): NoteState {
  const sections = new Map(note.sections.map((section) => [section.id, section]));
  for (const entry of words) {
    const section = sections.get(entry.id) ?? emptySection(entry.id, entry.heading);
    sections.set(entry.id, recovered(section, entry));
  }
  return { ...note, sections: [...sections.values()] };
}

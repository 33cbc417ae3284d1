/** A person's edits on their way to the server: what to send next, and what each answer means. */

import { withoutMarkers } from "../text/markers.ts";
import { mergeUnsaved } from "./document.ts";
import {
  isLocked,
  isSuggesting,
  isUnsaved,
  type NoteState,
  openSuggestion,
  type SectionState,
  withSection,
} from "./note.ts";

export interface SaveRequest {
  /** The version that the edits were made on; null while nothing is stored. */
  readonly version: number | null;
  readonly texts: Readonly<Record<string, string>>;
  /** What is open of the suggestions for these sections: the server drops the others. */
  readonly suggestions: Readonly<Record<string, string>>;
}

/** What should be saved now, or null. Words that are owed go first, so that they become a version of their own. */
export function nextSave(note: NoteState): SaveRequest | null {
  if (isLocked(note)) return null;
  const due = note.sections.filter(
    (section) => (isUnsaved(section) || section.declined) && !section.conflict,
  );
  if (due.length === 0) return null;
  const texts = Object.fromEntries(due.map((section) => [section.id, section.owed[0] ?? section.text]));
  const suggestions = Object.fromEntries(
    due.flatMap((section) => {
      const open = openSuggestion(section);
      return open === null ? [] : [[section.id, open]];
    }),
  );
  return { version: note.stored?.version ?? null, texts, suggestions };
}

/** The section with a person's ``text`` in it; what the model was writing there becomes a suggestion. */
export function taken(section: SectionState, text: string): SectionState {
  const next = { ...section, text, mine: true, typed: true };
  const wasDrafted = !section.mine && section.drafting !== "no" && section.drafted !== "";
  return wasDrafted ? { ...next, suggestion: withoutMarkers(section.drafted) } : next;
}

/**
 * A person's ``text`` that grew from ``from``. Where the section holds something else by now, which the editor had not
 * shown yet, that is not lost: unsaved words become a version, a newer stored text is held against theirs.
 */
export function edited(note: NoteState, id: string, text: string, from?: string): NoteState {
  if (isLocked(note)) return note;
  return withSection(note, id, (section) => {
    if (section.text === text || section.stray) return section;
    const next = taken(section, text);
    if (from === undefined || withPlainBreaks(section.text) === from) return next;
    // What the model is writing goes on from frame to frame: it is nobody's words, and stands beside them.
    if (!section.mine && section.drafting !== "no") return next;
    if (isUnsaved(section)) return replaced(section, text);
    if (section.author === null) return next;
    return mergeUnsaved({ ...next, base: from }, { ...section, text: section.base });
  });
}

/** Line breaks as the editor has them. */
function withPlainBreaks(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** The section with other words in place of a person's, which stay owed to the versions if they are unsaved. */
function replaced(section: SectionState, text: string): SectionState {
  const unsaved = section.text !== section.base && section.text !== text && section.text.trim() !== "";
  const owed = unsaved ? [...section.owed, section.text] : section.owed;
  return { ...section, text, owed, mine: true, typed: true };
}

function offeredWith({ offered }: SectionState, text: string | null): readonly string[] {
  return text === null || offered.includes(text) ? offered : [...offered, text];
}

/** ``text`` is the section's with all of the suggestion in it, or with some of it. */
export function suggestionTaken(note: NoteState, id: string, text: string): NoteState {
  return withSection(note, id, (section) => {
    if (section.suggestion === null) return section;
    const suggestion = section.suggestion === text ? null : section.suggestion;
    return { ...replaced(section, text), suggestion, offered: offeredWith(section, section.suggestion) };
  });
}

/** ``rest`` is what the person may still want of the suggestion; null where that is nothing. */
export function suggestionDeclined(note: NoteState, id: string, rest: string | null): NoteState {
  return withSection(note, id, (section) => ({
    ...section,
    suggestion: rest === section.text ? null : rest,
    offered: offeredWith(section, section.suggestion),
    declined: section.suggestion !== rest,
  }));
}

/** A suggestion that was taken stands beside the text again; one that is there already stays as it is. */
export function suggestionOffered(note: NoteState, id: string, text: string): NoteState {
  return withSection(note, id, (section) =>
    isSuggesting(section)
      ? { ...section, putAside: section.putAside ?? text }
      : { ...section, suggestion: section.suggestion ?? text },
  );
}

export function conflictResolved(note: NoteState, id: string, text: string): NoteState {
  return withSection(note, id, (section) =>
    section.conflict ? { ...replaced(section, text), conflict: null } : section,
  );
}

/** The person took the words elsewhere, or does not want them any more. */
export function lateWordsDropped(note: NoteState, id: string): NoteState {
  return withSection(note, id, (section) => ({ ...section, late: null }));
}

export function saveStarted(note: NoteState, request: SaveRequest): NoteState {
  const sections = note.sections.map((section) => {
    const text = request.texts[section.id];
    if (text === undefined) return section;
    const offered = offeredWith(section, request.suggestions[section.id] ?? null);
    return { ...section, sent: [...section.sent, text], offered };
  });
  const { saving } = note;
  const again = saving.state === "waiting" || (saving.state === "sending" && saving.again);
  return { ...note, sections, saving: { state: "sending", again } };
}

interface Stored {
  readonly text: string;
  readonly suggestion: string | null;
}

function acknowledged(section: SectionState, { text, suggestion }: Stored, current: boolean): SectionState {
  const owed = section.owed[0] === text ? section.owed.slice(1) : section.owed;
  if (!current) return { ...section, owed };
  const declined = section.declined && openSuggestion(section) !== suggestion;
  return { ...section, owed, declined, base: text, sent: [], typed: section.typed && section.text !== text };
}

function withoutKeys(
  record: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !(key in keys)));
}

export function saveDone(note: NoteState, request: SaveRequest, version: number, at: number): NoteState {
  const current = note.stored === null || version > note.stored.version;
  const sections = note.sections.map((section) => {
    const text = request.texts[section.id];
    if (text === undefined) return section;
    return acknowledged(section, { text, suggestion: request.suggestions[section.id] ?? null }, current);
  });
  const suggestions = {
    ...withoutKeys(note.stored?.suggestions ?? {}, request.texts),
    ...request.suggestions,
  };
  const stored =
    note.stored && current
      ? { ...note.stored, version, status: "edited" as const, suggestions }
      : note.stored;
  return { ...note, sections, stored, saving: { state: "idle" }, savedAt: at };
}

export function saveFailed(note: NoteState, reason: string): NoteState {
  return { ...note, saving: { state: "waiting", reason } };
}

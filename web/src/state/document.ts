/** How a stored document meets what the page shows: nobody's words are dropped, and no older version wins. */

import type { NoteDocument, NoteSection } from "../api/types.ts";
import { withoutMarkers } from "../text/markers.ts";
import { emptySection, isUnsaved, type NoteState, type SectionState, storedNote } from "./note.ts";

/** A section whose words here are a person's and not stored: they stay, whatever the document says. */
function mergeUnsaved(local: SectionState, stored: NoteSection, theirs: string): SectionState {
  const next = { ...local, base: theirs, author: stored.author, sentences: stored.sentences };
  if (theirs === local.text) return { ...next, sent: [], typed: false, conflict: null };
  if (local.conflict) return { ...next, conflict: { ...local.conflict, theirs } };
  if (theirs === local.base || local.sent.includes(theirs)) return next;
  if (stored.author === "ai") return { ...next, suggestion: theirs };
  return { ...next, conflict: { base: local.base, theirs } };
}

function mergeSaved(
  local: SectionState,
  stored: NoteSection,
  theirs: string,
  running: boolean,
): SectionState {
  const personal = stored.author !== "ai";
  const next = {
    ...local,
    base: theirs,
    author: stored.author,
    mine: personal,
    sent: [],
    conflict: null,
    sentences: stored.sentences,
  };
  if (running && !personal && local.drafting === "writing") return next;
  return { ...next, text: theirs };
}

function mergeSection(
  local: SectionState,
  stored: NoteSection,
  offered: string | undefined,
  running: boolean,
): SectionState {
  const theirs = withoutMarkers(stored.text);
  const keeps = isUnsaved(local) || local.conflict !== null || (local.typed && stored.author === "ai");
  const merged = keeps ? mergeUnsaved(local, stored, theirs) : mergeSaved(local, stored, theirs, running);
  const drafting = running ? merged.drafting : "no";
  const settled = { ...merged, heading: stored.heading || local.heading, drafting };
  return withSuggestion(settled, offered === undefined ? null : withoutMarkers(offered));
}

function withSuggestion(section: SectionState, offered: string | null): SectionState {
  const suggestion = offered ?? section.suggestion;
  if (suggestion === null || suggestion === "") return { ...section, suggestion: null };
  const idle = !section.mine || suggestion === section.text || suggestion === section.dismissed;
  return { ...section, suggestion: idle ? null : suggestion };
}

/** Sections that the document does not hold, but that hold a person's unsaved words. */
function orphans(note: NoteState, document: NoteDocument): readonly SectionState[] {
  const known = new Set(document.sections.map((section) => section.id));
  return note.sections.filter((section) => !known.has(section.id) && isUnsaved(section));
}

/** The note after a stored document arrived, by the stream, a call, or a refused save. */
export function mergeDocument(note: NoteState, document: NoteDocument): NoteState {
  if (note.stored && document.version < note.stored.version) return note;
  const running = note.generation !== null;
  const local = new Map(note.sections.map((section) => [section.id, section]));
  const sections = document.sections.map((stored) =>
    mergeSection(
      local.get(stored.id) ?? emptySection(stored.id, stored.heading),
      stored,
      document.suggestions[stored.id],
      running,
    ),
  );
  return {
    ...note,
    loaded: true,
    stored: storedNote(document),
    summary: withoutMarkers(document.summary),
    summaryDraft: running ? note.summaryDraft : "",
    sections: [...sections, ...orphans(note, document)],
  };
}

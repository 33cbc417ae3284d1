/** How a stored document meets what the page shows: nobody's words are dropped, and no older version wins. */

import type { NoteDocument, NoteSection } from "../api/types.ts";
import { withoutMarkers } from "../text/markers.ts";
import {
  besideOnly,
  emptySection,
  isSuggesting,
  isUnsaved,
  lateBeside,
  type NoteState,
  openSuggestion,
  type SectionState,
  storedNote,
  unsavedWords,
  withoutHalf,
} from "./note.ts";

/** What the server holds of a section: the text without markers. */
type Theirs = Pick<SectionState, "text" | "author" | "sentences">;

/** A section whose words here are a person's and not stored: they stay, whatever the server holds. */
export function mergeUnsaved(local: SectionState, { text, author, sentences }: Theirs): SectionState {
  const next = { ...local, base: text, author, sentences };
  if (text === local.text) return { ...next, sent: [], typed: false, conflict: null };
  if (local.conflict) return { ...next, conflict: { ...local.conflict, theirs: text } };
  if (text === local.base || local.sent.includes(text)) return next;
  if (author === "ai") return { ...next, suggestion: text };
  return { ...next, conflict: { base: local.base, theirs: text } };
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

/** A signed section is shown as it was signed; a person's words that are not in it stand beside it. */
function mergeSigned(local: SectionState, stored: NoteSection, theirs: string): SectionState {
  const late = lateBeside(local.late, unsavedWords(local), theirs);
  const shown = mergeSaved({ ...local, owed: [], typed: false }, stored, theirs, false);
  return { ...shown, late, suggestion: null, declined: false };
}

/** A section that the signed note does not have. */
function notSigned(section: SectionState): SectionState {
  return isUnsaved(section) ? besideOnly(section) : section;
}

interface Arrival {
  /** What the document holds of a suggestion for the section, and whether the one before it held any. */
  readonly offered: string | undefined;
  readonly wasOffered: boolean;
  readonly running: boolean;
  readonly signed: boolean;
}

function mergeSection(known: SectionState, stored: NoteSection, arrival: Arrival): SectionState {
  const { running, signed } = arrival;
  const local = running ? known : withoutHalf(known);
  const theirs = withoutMarkers(stored.text);
  if (signed) return mergeSigned(local, stored, theirs);
  const keeps = isUnsaved(local) || local.conflict !== null || (local.typed && stored.author === "ai");
  const merged = keeps
    ? mergeUnsaved(local, { ...stored, text: theirs })
    : mergeSaved(local, stored, theirs, running);
  const drafting = running ? merged.drafting : "no";
  const settled = { ...merged, heading: stored.heading || local.heading, drafting };
  return withSuggestion(settled, arrival);
}

function withSuggestion(section: SectionState, { offered, wasOffered }: Arrival): SectionState {
  const text = offered === undefined ? null : withoutMarkers(offered);
  const known = text === null || section.offered.includes(text);
  // Settled on another page; of what was sent from here the answer is awaited.
  const settled = text === null && wasOffered && section.sent.length === 0;
  const open = settled ? null : known ? openSuggestion(section) : text;
  const idle = !section.mine || open === "" || open === section.text;
  const left = idle ? null : open;
  return {
    ...section,
    ...(isSuggesting(section) ? { putAside: left } : { suggestion: left }),
    offered: known ? section.offered : [text],
    declined: section.declined && section.mine && known && !settled,
  };
}

/** A text without the format's headings, as a person may have written it: the format's places do not belong to it. */
const FREE_TEXT = "note";

/**
 * The sections in order: the format's, then others of the document. Places that the document does not hold stay as
 * they are: empty, being written, or with a person's unsaved words.
 */
function ordered(note: NoteState, merged: ReadonlyMap<string, SectionState>): readonly SectionState[] {
  const sections = new Map<string, SectionState>();
  const places = merged.has(FREE_TEXT) ? note.headings.slice(0, 1) : note.headings;
  for (const { id, heading } of places) sections.set(id, emptySection(id, heading));
  for (const section of note.sections) {
    const words = isUnsaved(section) || section.late !== null;
    const wanted = note.generation !== null || words || sections.has(section.id);
    if (wanted) sections.set(section.id, merged.has(section.id) ? section : withoutStored(section));
  }
  for (const section of merged.values()) sections.set(section.id, section);
  return [...sections.values()];
}

/** A place that the stored note does not fill. */
function withoutStored(section: SectionState): SectionState {
  const empty = section.author !== null && !isUnsaved(section) && section.drafting === "no";
  return empty ? { ...emptySection(section.id, section.heading), late: section.late } : section;
}

/** The note after a stored document arrived, by the stream, a call, or a refused save. */
export function mergeDocument(note: NoteState, document: NoteDocument): NoteState {
  if (note.stored && document.version < note.stored.version) return note;
  const running = note.generation !== null;
  const signed = document.status === "signed";
  const local = new Map(note.sections.map((section) => [section.id, section]));
  const merged = new Map(
    document.sections.map((stored) => {
      const known = local.get(stored.id) ?? emptySection(stored.id, stored.heading);
      return [
        stored.id,
        mergeSection(known, stored, {
          offered: document.suggestions[stored.id],
          wasOffered: stored.id in (note.stored?.suggestions ?? {}),
          running,
          signed,
        }),
      ] as const;
    }),
  );
  const others = signed
    ? note.sections.map((section) => (merged.has(section.id) ? section : notSigned(section)))
    : note.sections;
  return {
    ...note,
    loaded: true,
    stored: storedNote(document),
    sections: settled(ordered({ ...note, sections: others }, merged), running),
  };
}

/** Without a generation no section waits for one. */
function settled(sections: readonly SectionState[], running: boolean): readonly SectionState[] {
  if (running) return sections;
  return sections.map((section) =>
    section.drafting === "no" ? section : { ...section, drafting: "no" as const },
  );
}

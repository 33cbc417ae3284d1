/** What each event of the stream does to the note. Events that come twice or late change nothing. */

import type { EventPosition, StreamEvent } from "../api/types.ts";
import { withoutMarkers } from "../text/markers.ts";
import { mergeDocument } from "./document.ts";
import {
  emptySection,
  type Generation,
  type NoteState,
  openSuggestion,
  type SectionState,
  withoutHalf,
  withSection,
} from "./note.ts";

const NEW_GENERATION: Generation = {
  id: "",
  attempt: 0,
  phase: "queued",
  queuePosition: null,
  prefillDone: 0,
  prefillTotal: 0,
  tokensPerSecond: null,
  etaSeconds: null,
  restarts: 0,
};

export function startedGeneration(): Generation {
  return NEW_GENERATION;
}

type Arrival = "next" | "seen" | "gap";

function arrival(last: EventPosition | null, event: EventPosition): Arrival {
  if (!last || last.generation !== event.generation) return "next";
  if (event.attempt < last.attempt) return "seen";
  if (event.attempt > last.attempt) return "next";
  if (event.number <= last.number) return "seen";
  return event.number === last.number + 1 ? "next" : "gap";
}

/** The section without what the running generation wrote into it. */
function withoutDraft(section: SectionState): SectionState {
  if (section.drafting === "no") return section;
  const cleared = { ...withoutHalf(section), drafted: "", drafting: "waiting" as const };
  return section.mine ? cleared : { ...cleared, text: "" };
}

/** The section as it was stored, after a generation that came to nothing. */
export function backToStored(section: SectionState): SectionState {
  if (section.drafting === "no") return section;
  const still = { ...withoutHalf(section), drafting: "no" as const, drafted: "" };
  return section.mine ? still : { ...still, text: section.base };
}

function drafted(section: SectionState, words: string): SectionState {
  const raw = section.drafted + words;
  const next = { ...section, drafted: raw, drafting: "writing" as const };
  const plain = withoutMarkers(raw);
  if (!section.mine) return { ...next, text: plain };
  return { ...next, suggestion: plain, putAside: openSuggestion(section) };
}

function begun(note: NoteState, id: string, heading: string): NoteState {
  const known = note.sections.some((section) => section.id === id);
  const sections = known ? note.sections : [...note.sections, emptySection(id, heading)];
  return withSection({ ...note, sections }, id, (section) => {
    const fresh = {
      ...withoutHalf(section),
      heading: heading || section.heading,
      drafted: "",
      drafting: "writing" as const,
    };
    return section.mine ? fresh : { ...fresh, text: "", sentences: [] };
  });
}

function reset(note: NoteState, section: string | null, attempt: number): NoteState {
  const generation = { ...(note.generation ?? NEW_GENERATION), attempt };
  // A section that comes anew, held against the session, is no new beginning of the note.
  if (section !== null) return withSection({ ...note, generation }, section, withoutDraft);
  const restarted = { ...generation, restarts: generation.restarts + 1 };
  return { ...note, generation: restarted, sections: note.sections.map(withoutDraft) };
}

function applied(note: NoteState, event: StreamEvent): NoteState {
  switch (event.kind) {
    case "status": {
      const generation: Generation = {
        ...(note.generation ?? NEW_GENERATION),
        id: event.generation,
        attempt: event.attempt,
        phase: event.phase,
        queuePosition: event.position,
        prefillDone: event.prefillDone,
        prefillTotal: event.prefillTotal,
        tokensPerSecond: event.tokensPerSecond,
        etaSeconds: event.etaSeconds,
      };
      return { ...note, generation, failure: null };
    }
    case "section":
      return begun(note, event.section, event.heading);
    case "token":
      return withSection(note, event.section, (section) => drafted(section, event.text));
    case "reset":
      return reset(note, event.section, event.attempt);
    case "note":
      return mergeDocument({ ...note, generation: null, format: null, failure: null }, event.document);
    case "error":
      return {
        ...note,
        generation: null,
        format: null,
        failure: event.problem,
        sections: note.sections.map(backToStored),
      };
  }
}

/** A generation that this note had not heard of: what an earlier one left unfinished goes. */
function entered(note: NoteState, position: EventPosition): NoteState {
  if (note.lastEvent?.generation === position.generation) return note;
  const sections = note.sections.map((section) => {
    const cleared = withoutDraft(section);
    return cleared.text === "" ? { ...cleared, drafting: "waiting" as const } : cleared;
  });
  return { ...note, generation: note.generation ?? NEW_GENERATION, sections };
}

/**
 * The note after one event. ``position`` is null for an event without a usable id, which is taken as it comes.
 * A gap asks for a new connection from the last event, and what comes before that is not taken in; a number
 * that misses again after it was never given. The end of a generation is whole in itself and always taken.
 */
export function takeEvent(note: NoteState, position: EventPosition | null, event: StreamEvent): NoteState {
  if (!position) return applied(note, event);
  const final = event.kind === "note" || event.kind === "error";
  const arrived = final ? "next" : arrival(note.lastEvent, position);
  if (arrived === "seen" || (note.resync === "asked" && arrived === "gap")) return note;
  if (arrived === "gap" && note.resync === "none") return { ...note, resync: "asked" };
  const ready = final ? note : entered(note, position);
  return { ...applied(ready, event), lastEvent: position, resync: "none" };
}

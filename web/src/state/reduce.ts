/** The only place where the state changes. Pure: the same state and action give the same state. */

import { mergeDocument } from "./document.ts";
import { emptyNote, emptySection, isUnsaved, type NoteState, type SectionState } from "./note.ts";
import * as saving from "./saving.ts";
import { withItems } from "./sessions.ts";
import type { Action, AppState, OpenSession, Route, SessionAction } from "./state.ts";
import { backToStored, startedGeneration, takeEvent } from "./stream.ts";

function opened(route: Route, open: OpenSession | null): OpenSession | null {
  if (route.view !== "session") return null;
  if (open?.id === route.sessionId) return open;
  return {
    id: route.sessionId,
    turns: [],
    turnsLoaded: false,
    missing: false,
    note: emptyNote(route.sessionId),
    evidence: null,
  };
}

/** A person who lets the model replace a section's words gives it up; unsaved words become a version first. */
function givenUp(section: SectionState): SectionState {
  const owed =
    isUnsaved(section) && section.text !== section.base ? [...section.owed, section.text] : section.owed;
  return { ...section, owed, mine: false, typed: false };
}

function requested(note: NoteState, sections: readonly string[] | null, force: boolean): NoteState {
  const chosen = (section: SectionState) => sections === null || sections.includes(section.id);
  return {
    ...note,
    generation: note.generation ?? startedGeneration(),
    failure: null,
    sections: note.sections.map((section) => {
      if (!chosen(section)) return section;
      const own = force ? givenUp(section) : section;
      return { ...own, drafting: "waiting" as const, drafted: "", dismissed: null };
    }),
  };
}

function reduceNote(note: NoteState, action: SessionAction): NoteState {
  switch (action.type) {
    case "noteMissing":
      return { ...note, loaded: true };
    case "documentArrived":
      return mergeDocument(note, action.document);
    case "streamOpening":
      return { ...note, connection: note.connection === "lost" ? "lost" : "connecting" };
    case "streamOpened":
      return { ...note, connection: "open", resync: note.resync === "asked" ? "done" : note.resync };
    case "streamLost":
      return { ...note, connection: "lost" };
    case "streamEnded":
      return { ...note, connection: "idle" };
    case "eventArrived":
      return takeEvent(note, action.position, action.event);
    case "generationRequested":
      return requested(note, action.sections, action.force);
    case "generationRefused":
      return {
        ...note,
        generation: null,
        failure: action.problem,
        sections: note.sections.map(backToStored),
      };
    case "edited":
      return saving.edited(note, action.section, action.text);
    case "suggestionAccepted":
      return saving.suggestionAccepted(note, action.section);
    case "suggestionDismissed":
      return saving.suggestionDismissed(note, action.section);
    case "suggestionOffered":
      return saving.suggestionOffered(note, action.section, action.text);
    case "conflictResolved":
      return saving.conflictResolved(note, action.section, action.text);
    case "saveStarted":
      return saving.saveStarted(note, action.request);
    case "saveDone":
      return saving.saveDone(note, action.request, action.version, action.at);
    case "saveRefused":
      return { ...mergeDocument(note, action.current), saving: { state: "idle" } };
    case "saveFailed":
      return saving.saveFailed(note, action.reason);
    default:
      return note;
  }
}

function reduceSession(open: OpenSession, action: SessionAction): OpenSession {
  switch (action.type) {
    case "transcriptArrived":
      if (open.turnsLoaded && action.transcript.turns.length < open.turns.length) return open;
      return { ...open, turns: action.transcript.turns, turnsLoaded: true, missing: false };
    case "sessionMissing":
      return { ...open, missing: true, turnsLoaded: true };
    case "evidenceShown":
      return { ...open, evidence: action.evidence };
    case "evidenceHidden":
      return open.evidence ? { ...open, evidence: null } : open;
    default: {
      const note = reduceNote(open.note, action);
      return note === open.note ? open : { ...open, note };
    }
  }
}

/** The headings of the default format stand on the page before the first word of the first note does. */
function withSkeleton(state: AppState): AppState {
  const { open } = state;
  const format = state.formats[0];
  if (!open || !format || open.note.stored || open.note.sections.length > 0) return state;
  const sections = format.sections.map((section) => emptySection(section.id, section.heading));
  return { ...state, open: { ...open, note: { ...open.note, sections } } };
}

export function reduce(state: AppState, action: Action): AppState {
  switch (action.type) {
    case "routed":
      return withSkeleton({ ...state, route: action.route, open: opened(action.route, state.open) });
    case "meKnown":
      return { ...state, me: action.me };
    case "wentOnline":
      return { ...state, online: true };
    case "wentOffline":
      return { ...state, online: false };
    case "formatsArrived":
      return withSkeleton({ ...state, formats: action.formats });
    case "sessionsArrived": {
      const sessions = withItems(state.sessions, action.items);
      return { ...state, sessions: { ...sessions, loaded: true, cursor: action.cursor } };
    }
    case "sessionChanged":
      return { ...state, sessions: withItems(state.sessions, [action.item]) };
    case "listConnected":
      return { ...state, sessions: { ...state.sessions, connected: action.connected } };
    case "searched":
      return { ...state, sessions: { ...state.sessions, query: action.query, status: action.status } };
    case "noticed":
      return {
        ...state,
        notice: { serial: (state.notice?.serial ?? 0) + 1, text: action.text, tone: action.tone },
      };
    case "inSession": {
      if (!state.open || state.open.id !== action.sessionId) return state;
      const open = reduceSession(state.open, action.action);
      return open === state.open ? state : { ...state, open };
    }
  }
}

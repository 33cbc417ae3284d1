/** The only place where the state changes. Pure: the same state and action give the same state. */

import type { NoteDocument } from "../api/types.ts";
import type { KeptWords } from "../keep/words.ts";
import { placeSentences } from "../text/sentences.ts";
import { mergeDocument } from "./document.ts";
import { emptyNote, hasUnsaved, isUnsaved, type NoteState, type SectionState } from "./note.ts";
import { sameHeadings, withHeadings, withoutStrays } from "./places.ts";
import { withRecovered } from "./recovered.ts";
import * as saving from "./saving.ts";
import { lookedThrough, sought, withConnection, withItems } from "./sessions.ts";
import type { Action, AppState, Evidence, OpenSession, Route, SessionAction } from "./state.ts";
import { backToStored, startedGeneration, takeEvent } from "./stream.ts";

function freshSession(id: number): OpenSession {
  return {
    id,
    turns: [],
    turnsLoaded: false,
    missing: false,
    trouble: null,
    note: emptyNote(id),
    evidence: null,
    lastTime: null,
  };
}

/** Another view; a session with unsaved words is kept aside, and comes back as it was left. */
function routed(state: AppState, route: Route): AppState {
  const { open } = state;
  const wanted = route.view === "session" ? route.sessionId : null;
  if (wanted !== null && open?.id === wanted) return { ...state, route };
  const parked = new Map(state.parked);
  // Nobody listens to its stream any more: whether it is still written is told by the document that comes next.
  if (open && hasUnsaved(open.note))
    parked.set(open.id, { ...open, note: { ...open.note, connection: "idle" } });
  if (wanted === null) return { ...state, route, open: null, parked };
  const next = parked.get(wanted) ?? freshSession(wanted);
  parked.delete(wanted);
  return { ...state, route, open: next, parked };
}

/** They wait with the session that they belong to; the open one has them at once. */
function withWords(state: AppState, id: number, words: readonly KeptWords[]): AppState {
  const { open } = state;
  if (open?.id === id)
    return withPlaces({ ...state, open: { ...open, note: withRecovered(open.note, words) } });
  const known = state.parked.get(id) ?? freshSession(id);
  const note = withRecovered(known.note, words);
  if (!hasUnsaved(note)) return state;
  return { ...state, parked: new Map(state.parked).set(id, { ...known, note }) };
}

function inParked(state: AppState, id: number, action: SessionAction): AppState {
  const known = state.parked.get(id);
  if (!known) return state;
  const next = inPlaces(state, reduceSession(known, action));
  if (next === known) return state;
  const parked = new Map(state.parked);
  if (hasUnsaved(next.note)) parked.set(id, next);
  else parked.delete(id);
  return { ...state, parked };
}

/** A person who lets the model replace a section's words gives it up; unsaved words become a version first. */
function givenUp(section: SectionState): SectionState {
  const owed =
    isUnsaved(section) && section.text !== section.base ? [...section.owed, section.text] : section.owed;
  return { ...section, owed, mine: false, typed: false };
}

interface Wanted {
  readonly sections: readonly string[] | null;
  readonly format: string | null;
  readonly force: boolean;
}

function requested(note: NoteState, { sections, format, force }: Wanted): NoteState {
  const chosen = (section: SectionState) => sections === null || sections.includes(section.id);
  return {
    ...note,
    format,
    generation: note.generation ?? startedGeneration(),
    failure: null,
    sections: note.sections.map((section) => {
      if (!chosen(section)) return section;
      const own = force ? givenUp(section) : section;
      return { ...own, drafting: "waiting" as const, drafted: "", offered: [], declined: false };
    }),
  };
}

/** Without a stream it is the document that says that the generation is over. */
function withoutEnded(note: NoteState, document: NoteDocument): NoteState {
  const over = note.connection === "idle" && note.generation?.id !== "" && document.generation === null;
  return over ? { ...note, generation: null, format: null } : note;
}

/** Why there is no note is of no interest once there is one. */
function withoutOldFailure(note: NoteState): NoteState {
  return note.stored || !note.failure ? note : { ...note, failure: null };
}

function reduceNote(note: NoteState, action: SessionAction): NoteState {
  switch (action.type) {
    case "noteMissing":
      return { ...note, loaded: true, failure: note.generation ? null : (action.failure ?? note.failure) };
    case "documentArrived":
      return mergeDocument(withoutOldFailure(withoutEnded(note, action.document)), action.document);
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
      return requested(note, action);
    case "generationRefused":
      return {
        ...note,
        generation: null,
        format: null,
        failure: action.problem,
        sections: note.sections.map(backToStored),
      };
    case "edited":
      return saving.edited(note, action.section, action.text, action.from);
    case "suggestionTaken":
      return saving.suggestionTaken(note, action.section, action.text);
    case "suggestionDeclined":
      return saving.suggestionDeclined(note, action.section, action.rest);
    case "suggestionOffered":
      return saving.suggestionOffered(note, action.section, action.text);
    case "conflictResolved":
      return saving.conflictResolved(note, action.section, action.text);
    case "lateWordsDropped":
      return saving.lateWordsDropped(note, action.section);
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

/** What is shown as the source of a sentence goes with it, and is renewed with what the server says of it. */
function stillShown(evidence: Evidence | null, note: NoteState): Evidence | null {
  if (!evidence) return null;
  const section = note.sections.find(({ id }) => id === evidence.section);
  const placed = section ? placeSentences(section.text, section.sentences) : [];
  const found = placed.find(({ sentence }) => sentence.text === evidence.sentence)?.sentence;
  if (!found) return null;
  const same = found.supported === evidence.supported && found.turns.join() === evidence.turns.join();
  return same ? evidence : { ...evidence, turns: found.turns, supported: found.supported };
}

function reduceSession(open: OpenSession, action: SessionAction): OpenSession {
  switch (action.type) {
    case "transcriptArrived":
      if (open.turnsLoaded && action.transcript.turns.length < open.turns.length) return open;
      return {
        ...open,
        turns: action.transcript.turns,
        turnsLoaded: true,
        missing: false,
        trouble: open.note.loaded ? null : open.trouble,
      };
    case "sessionMissing":
      return { ...open, missing: true, turnsLoaded: true };
    case "loadFailed":
      return open.trouble === action.trouble ? open : { ...open, trouble: action.trouble };
    case "lastTimeArrived":
      return { ...open, lastTime: action.lastTime };
    case "evidenceShown":
      return { ...open, evidence: action.evidence };
    case "evidenceHidden":
      return open.evidence ? { ...open, evidence: null } : open;
    default: {
      const note = reduceNote(open.note, action);
      if (note === open.note) return open;
      const trouble = note.loaded && open.turnsLoaded ? null : open.trouble;
      return { ...open, note, trouble, evidence: stillShown(open.evidence, note) };
    }
  }
}

const SUMMARY = { id: "summary", heading: "Summary" };

/** The places of the note's format stand on the page before the first word of the note does. */
function inPlaces({ formats, defaultFormat }: AppState, open: OpenSession): OpenSession {
  if (formats.length === 0) return open;
  const wanted = open.note.format ?? open.note.stored?.format ?? defaultFormat;
  const known = formats.find(({ id }) => id === wanted);
  const headings = [SUMMARY, ...((known ?? formats[0])?.sections ?? [])];
  const same = sameHeadings(headings, open.note.headings);
  const placed = same ? open.note : withHeadings(open.note, headings);
  const note = known ? withoutStrays(placed) : placed;
  return note === open.note ? open : { ...open, note };
}

function withPlaces(state: AppState): AppState {
  const { open } = state;
  if (!open) return state;
  const placed = inPlaces(state, open);
  return placed === open ? state : { ...state, open: placed };
}

export function reduce(state: AppState, action: Action): AppState {
  switch (action.type) {
    case "routed":
      return withPlaces(routed(state, action.route));
    case "meKnown":
      return { ...state, me: action.me, signedOut: false, away: false };
    case "signedOut":
      if (state.signedOut && (state.away || !action.away)) return state;
      return { ...state, signedOut: true, away: action.away === true };
    case "healthKnown":
      return { ...state, health: action.health };
    case "wentOnline":
      return { ...state, online: true };
    case "wentOffline":
      return { ...state, online: false };
    case "formatsArrived": {
      const { formats, defaultFormat, options } = action;
      return withPlaces({ ...state, formats, defaultFormat, options });
    }
    case "sessionsArrived": {
      const sessions = withItems(state.sessions, action.items);
      return { ...state, sessions: { ...sessions, loaded: true, cursor: action.cursor } };
    }
    case "sessionChanged":
      return { ...state, sessions: withItems(state.sessions, [action.item]) };
    case "wordsRecovered":
      return withWords(state, action.session, action.words);
    case "listConnected":
      return { ...state, sessions: withConnection(state.sessions, action.connected) };
    case "searched":
      return { ...state, sessions: sought(state.sessions, action) };
    case "sessionsFound":
      return { ...state, sessions: withItems(state.sessions, action.items) };
    case "lookedThrough":
      return { ...state, sessions: lookedThrough(state.sessions, action.sought, action.whole) };
    case "waitingKnown":
      return { ...state, sessions: { ...state.sessions, waitingKnown: true } };
    case "noticed":
      return {
        ...state,
        notice: { serial: (state.notice?.serial ?? 0) + 1, text: action.text, tone: action.tone },
      };
    case "inSession": {
      if (state.open?.id !== action.sessionId) return inParked(state, action.sessionId, action.action);
      const open = reduceSession(state.open, action.action);
      return open === state.open ? state : withPlaces({ ...state, open });
    }
  }
}

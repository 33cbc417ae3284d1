/** The whole state of the page, and every action that changes it. */

import type {
  EventPosition,
  Health,
  Me,
  NoteDocument,
  NoteFormat,
  NoteOption,
  Problem,
  SessionItem,
  SessionStatus,
  StreamEvent,
  Transcript,
  Turn,
} from "../api/types.ts";
import type { KeptWords } from "../keep/words.ts";
import { hasUnsaved, type NoteState } from "./note.ts";
import type { SaveRequest } from "./saving.ts";
import { NO_SESSIONS, type SessionsState, type Sought } from "./sessions.ts";

export type Route =
  | { readonly view: "home" }
  | { readonly view: "session"; readonly sessionId: number }
  | { readonly view: "patient"; readonly patientId: number };

/** The sentence whose evidence is shown, and the turns that it stands on. */
export interface Evidence {
  readonly section: string;
  readonly sentence: string;
  readonly turns: readonly number[];
  readonly supported: boolean;
}

/** The patient's session before this one, as far as its note carries over. */
export interface LastTime {
  readonly sessionId: number;
  readonly number: number;
  readonly date: string;
  readonly sections: readonly { readonly heading: string; readonly text: string }[];
}

export interface OpenSession {
  readonly id: number;
  readonly turns: readonly Turn[];
  readonly turnsLoaded: boolean;
  readonly missing: boolean;
  /** Why the transcript or the note is not here yet; null where nothing went wrong. */
  readonly trouble: string | null;
  readonly note: NoteState;
  readonly evidence: Evidence | null;
  readonly lastTime: LastTime | null;
}

/** A short line for the status region and the corner of the page. */
export interface Notice {
  readonly serial: number;
  readonly text: string;
  readonly tone: "info" | "problem";
}

export interface AppState {
  readonly route: Route;
  readonly me: Me | null;
  /** Nobody is signed in any more: until the same person is again, nothing is sent in anybody's name. */
  readonly signedOut: boolean;
  /** The person signed out in another tab: until they are back, nothing of theirs is shown. */
  readonly away: boolean;
  readonly online: boolean;
  readonly health: Health | null;
  readonly formats: readonly NoteFormat[];
  readonly defaultFormat: string;
  readonly options: readonly NoteOption[];
  readonly sessions: SessionsState;
  readonly open: OpenSession | null;
  /** Sessions that were left with words that are not saved yet: they stay until they are. */
  readonly parked: ReadonlyMap<number, OpenSession>;
  readonly notice: Notice | null;
}

export const INITIAL: AppState = {
  route: { view: "home" },
  me: null,
  signedOut: false,
  away: false,
  online: true,
  health: null,
  formats: [],
  defaultFormat: "",
  options: [],
  sessions: NO_SESSIONS,
  open: null,
  parked: new Map(),
  notice: null,
};

/** Actions about the open session carry its id: an answer that comes after another one was opened is dropped. */
export type SessionAction =
  | { readonly type: "transcriptArrived"; readonly transcript: Transcript }
  | { readonly type: "sessionMissing" }
  | { readonly type: "loadFailed"; readonly trouble: string }
  | { readonly type: "lastTimeArrived"; readonly lastTime: LastTime | null }
  /** ``failure``: why the last attempt left none. */
  | { readonly type: "noteMissing"; readonly failure: Problem | null }
  | { readonly type: "documentArrived"; readonly document: NoteDocument }
  | { readonly type: "streamOpening" }
  | { readonly type: "streamOpened" }
  | { readonly type: "streamLost" }
  | { readonly type: "streamEnded" }
  | { readonly type: "eventArrived"; readonly position: EventPosition | null; readonly event: StreamEvent }
  | {
      readonly type: "generationRequested";
      readonly sections: readonly string[] | null;
      readonly format: string | null;
      readonly force: boolean;
    }
  | { readonly type: "generationRefused"; readonly problem: Problem }
  /** ``from``: what the editor showed before; left out where that is what the state holds. */
  | { readonly type: "edited"; readonly section: string; readonly text: string; readonly from?: string }
  | { readonly type: "suggestionTaken"; readonly section: string; readonly text: string }
  | { readonly type: "suggestionDeclined"; readonly section: string; readonly rest: string | null }
  | { readonly type: "suggestionOffered"; readonly section: string; readonly text: string }
  | { readonly type: "conflictResolved"; readonly section: string; readonly text: string }
  | { readonly type: "lateWordsDropped"; readonly section: string }
  | { readonly type: "saveStarted"; readonly request: SaveRequest }
  | {
      readonly type: "saveDone";
      readonly request: SaveRequest;
      readonly version: number;
      readonly at: number;
    }
  | { readonly type: "saveRefused"; readonly current: NoteDocument }
  | { readonly type: "saveFailed"; readonly reason: string }
  | { readonly type: "evidenceShown"; readonly evidence: Evidence }
  | { readonly type: "evidenceHidden" };

export type Action =
  | { readonly type: "routed"; readonly route: Route }
  | { readonly type: "meKnown"; readonly me: Me }
  /** ``away``: by the person, in another tab. */
  | { readonly type: "signedOut"; readonly away?: boolean }
  | { readonly type: "wentOnline" }
  | { readonly type: "wentOffline" }
  | {
      readonly type: "formatsArrived";
      readonly formats: readonly NoteFormat[];
      readonly defaultFormat: string;
      readonly options: readonly NoteOption[];
    }
  | { readonly type: "healthKnown"; readonly health: Health }
  | {
      readonly type: "sessionsArrived";
      readonly items: readonly SessionItem[];
      readonly cursor: string | null;
    }
  | { readonly type: "sessionChanged"; readonly item: SessionItem }
  | { readonly type: "sessionsFound"; readonly items: readonly SessionItem[] }
  | { readonly type: "waitingKnown" }
  | { readonly type: "lookedThrough"; readonly sought: Sought; readonly whole: boolean }
  | {
      readonly type: "wordsRecovered";
      readonly session: number;
      readonly words: readonly KeptWords[];
    }
  | { readonly type: "listConnected"; readonly connected: boolean }
  | { readonly type: "searched"; readonly query: string; readonly status: SessionStatus | "all" }
  | { readonly type: "noticed"; readonly text: string; readonly tone: "info" | "problem" }
  | { readonly type: "inSession"; readonly sessionId: number; readonly action: SessionAction };

export function anyUnsaved({ open, parked }: AppState): boolean {
  return parked.size > 0 || (open !== null && hasUnsaved(open.note));
}

/** The list of sessions, kept in step with the server by events that may come twice or late. */

import type { SessionItem, SessionStatus } from "../api/types.ts";
import { count, day } from "../text/words.ts";

/** What somebody looks for in the list. */
export interface Sought {
  readonly query: string;
  readonly status: SessionStatus | "all";
}

export interface SessionsState extends Sought {
  readonly loaded: boolean;
  readonly items: ReadonlyMap<number, SessionItem>;
  /** Where older sessions go on; null where these are all. */
  readonly cursor: string | null;
  readonly connected: boolean;
  /** It was connected, and is not any more. */
  readonly lost: boolean;
  /** All that waits for the therapist is among the items. */
  readonly waitingKnown: boolean;
  /** Older sessions are looked through for what is sought. */
  readonly looking: boolean;
  /** All that is sought is among the items. */
  readonly whole: boolean;
}

export const NO_SESSIONS: SessionsState = {
  loaded: false,
  items: new Map(),
  query: "",
  status: "all",
  cursor: null,
  connected: false,
  lost: false,
  waitingKnown: false,
  looking: false,
  whole: false,
};

export function isFiltered({ query, status }: Sought): boolean {
  return query.trim() !== "" || status !== "all";
}

/** The list with something else sought in it; what it does not hold has to be looked through. */
export function sought(state: SessionsState, { query, status }: Sought): SessionsState {
  const whole = state.loaded && state.cursor === null;
  return { ...state, query, status, whole, looking: !whole && isFiltered({ query, status }) };
}

/** What was looked through for what is no longer sought says nothing. */
export function lookedThrough(
  state: SessionsState,
  { query, status }: Sought,
  whole: boolean,
): SessionsState {
  if (query !== state.query || status !== state.status) return state;
  return { ...state, looking: false, whole };
}

/** What is said under the sessions that are found, so that nobody takes the newest for all. */
export function foundWords(state: SessionsState, found: number): string {
  if (!state.loaded) return "";
  if (!isFiltered(state)) return found === 0 ? "No sessions yet. They appear here as they begin." : "";
  if (state.looking) return "Looking through older sessions…";
  if (state.whole || state.cursor === null) return found === 0 ? "No session matches." : "";
  const among = `the ${count(state.items.size, "session", "sessions")} that were looked through`;
  return found === 0 ? `No session matches among ${among}.` : `Found among ${among}.`;
}

export function withItems(state: SessionsState, arrived: readonly SessionItem[]): SessionsState {
  const items = new Map(state.items);
  let changed = false;
  for (const item of arrived) {
    const known = items.get(item.id);
    if (known && known.updatedAt > item.updatedAt) continue;
    items.set(item.id, item);
    changed = true;
  }
  return changed ? { ...state, items } : state;
}

export function withConnection(state: SessionsState, connected: boolean): SessionsState {
  return { ...state, connected, lost: !connected && (state.connected || state.lost) };
}

const STATUS_WORDS: Readonly<Record<SessionStatus, string>> = {
  live: "Live",
  writing: "Writing",
  closed: "No note",
  draft: "AI draft",
  edited: "Edited",
  signed: "Signed",
  failed: "Failed",
};

export function statusWord(status: SessionStatus): string {
  return STATUS_WORDS[status];
}

/** The day as it is shown and as dates are sorted; a time of the day is no word of the entry. */
function haystack(item: SessionItem): string {
  const date = `${day(item.date)} ${item.date.slice(0, 10)}`;
  return `session ${item.number} patient ${item.patientId} ${date} ${statusWord(item.status)} #${item.id}`.toLowerCase();
}

const RANK: Partial<Record<SessionStatus, number>> = { writing: 0, live: 1 };

/** The sessions that the list shows: what happens now first, then the newest. */
export function visibleSessions(state: SessionsState): readonly SessionItem[] {
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  return [...state.items.values()]
    .filter((item) => state.status === "all" || item.status === state.status)
    .filter((item) => words.every((word) => haystack(item).includes(word)))
    .sort(
      (a, b) => (RANK[a.status] ?? 2) - (RANK[b.status] ?? 2) || b.date.localeCompare(a.date) || b.id - a.id,
    );
}

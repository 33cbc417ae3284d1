/** The list of sessions, kept in step with the server by events that may come twice or late. */

import type { SessionItem, SessionStatus } from "../api/types.ts";

export interface SessionsState {
  readonly loaded: boolean;
  readonly items: ReadonlyMap<number, SessionItem>;
  readonly query: string;
  readonly status: SessionStatus | "all";
  readonly cursor: string | null;
  readonly connected: boolean;
}

export const NO_SESSIONS: SessionsState = {
  loaded: false,
  items: new Map(),
  query: "",
  status: "all",
  cursor: null,
  connected: false,
};

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

function haystack(item: SessionItem): string {
  return `session ${item.number} patient ${item.patientId} ${item.date} ${statusWord(item.status)} #${item.id}`.toLowerCase();
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

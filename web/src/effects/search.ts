/** Finds what the list does not hold yet: it begins with the newest sessions, and a clinic has thousands. */

import * as api from "../api/client.ts";
import type { SessionStatus } from "../api/types.ts";
import { isFiltered, type Sought } from "../state/sessions.ts";
import type { Store } from "../store.ts";

const AFTER_LAST_KEY_MS = 300;
/** How far a search without a status or a patient goes back by itself, in pages of a hundred. */
const PAGES = 20;
const PATIENTS = 3;

/** What the first page shows, whenever it was changed last. */
const WAITING: readonly SessionStatus[] = ["live", "writing", "failed", "draft", "edited"];

/** Every session that ``only`` lets through, page by page; answers whether these were all. */
async function takeAll(store: Store, only: api.SessionFilter, wanted: () => boolean): Promise<boolean> {
  let cursor: string | null = null;
  for (let page = 0; page < PAGES && wanted(); page += 1) {
    const found: api.SessionPage = await api.fetchSessions(cursor, only);
    store.dispatch({ type: "sessionsFound", items: found.items });
    cursor = found.cursor;
    if (cursor === null) return true;
  }
  return false;
}

/** The list itself goes on from where it ends. */
async function takeOlder(store: Store, wanted: () => boolean): Promise<boolean> {
  for (let page = 0; page < PAGES && wanted(); page += 1) {
    const { cursor } = store.state.sessions;
    if (cursor === null) break;
    const { items, cursor: next } = await api.fetchSessions(cursor);
    store.dispatch({ type: "sessionsArrived", items, cursor: next });
  }
  const { loaded, cursor } = store.state.sessions;
  return loaded && cursor === null;
}

/** Numbers may be patients: theirs are asked for by name, however old they are. */
function patientsIn(query: string): readonly number[] {
  return (query.match(/\b\d{1,15}\b/g) ?? []).slice(0, PATIENTS).map(Number);
}

async function look(store: Store, { query, status }: Sought, wanted: () => boolean): Promise<boolean> {
  if (status !== "all") return takeAll(store, { status }, wanted);
  for (const patientId of patientsIn(query)) await takeAll(store, { patientId }, wanted);
  return takeOlder(store, wanted);
}

/** Looks on among older sessions for as long as the same is sought. */
export function searchFurther(store: Store): void {
  let timer: number | undefined;
  const start = async (sought: Sought): Promise<void> => {
    const wanted = (): boolean => {
      const { query, status } = store.state.sessions;
      return query === sought.query && status === sought.status;
    };
    let whole = false;
    try {
      whole = await look(store, sought, wanted);
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
    }
    store.dispatch({ type: "lookedThrough", sought, whole });
  };
  store.addEffect(({ sessions }, before) => {
    const { query, status } = sessions;
    if (query === before.sessions.query && status === before.sessions.status) return;
    window.clearTimeout(timer);
    if (isFiltered(sessions) && sessions.looking)
      timer = window.setTimeout(() => void start({ query, status }), AFTER_LAST_KEY_MS);
  });
}

/** All that waits for the therapist, however long ago it was changed. */
export async function loadWaiting(store: Store): Promise<void> {
  if (store.state.sessions.cursor !== null) {
    try {
      for (const status of WAITING) await takeAll(store, { status }, () => true);
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      return;
    }
  }
  store.dispatch({ type: "waitingKnown" });
}

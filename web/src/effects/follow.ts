/** Keeps the page in step with the server: the list, and the open session's transcript, note and stream. */

import * as api from "../api/client.ts";
import { eventPosition, sessionItem, streamEvent } from "../api/decode.ts";
import { ReconnectingStream } from "../api/events.ts";
import type { SessionItem } from "../api/types.ts";
import type { AppState, OpenSession } from "../state/state.ts";
import type { Store } from "../store.ts";
import { fetchLastTime } from "./last_time.ts";
import { inOneTab } from "./one_tab.ts";
import { loadWaiting } from "./search.ts";
import { type NoteStream, noteStream } from "./shared_stream.ts";

const NOTE_EVENTS = ["status", "section", "token", "reset", "note", "error"];
const TRANSCRIPT_PAUSE_MS = 800;

function lastEventId(open: OpenSession | null): string | null {
  const last = open?.note.lastEvent;
  return last ? `${last.generation}.${last.attempt}.${last.number}` : null;
}

/** The newest sessions, or those that follow ``cursor``. */
export async function loadSessions(store: Store, cursor: string | null = null): Promise<void> {
  try {
    const page = await api.fetchSessions(cursor);
    // The newest ones are read again after every connection; the place among the older ones stays.
    const known = store.state.sessions;
    const keep = cursor === null && known.loaded;
    store.dispatch({ type: "sessionsArrived", items: page.items, cursor: keep ? known.cursor : page.cursor });
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    if (!error.unreachable) store.notice(error.message, "problem");
  }
}

/** All sessions of one patient, of which the list may hold only the newest. */
export async function loadSessionsOf(store: Store, patientId: number): Promise<void> {
  try {
    let cursor: string | null = null;
    do {
      const page: api.SessionPage = await api.fetchSessions(cursor, { patientId });
      for (const item of page.items) store.dispatch({ type: "sessionChanged", item });
      cursor = page.cursor;
    } while (cursor !== null);
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    if (!error.unreachable) store.notice(error.message, "problem");
  }
}

type ListNews = { readonly connected: boolean } | { readonly session: unknown };

/** The stream of the list's changes, as one tab keeps it for all. */
function openListStream(store: Store, tell: (news: ListNews) => void): void {
  const stream = new ReconnectingStream({
    url: () => "/sessions/stream",
    names: ["session"],
    onEvent: (_name, _id, data) => tell({ session: data }),
    onOpen: () => tell({ connected: true }),
    onLost: () => tell({ connected: false }),
    onEnded: () => tell({ connected: false }),
    isOver: () => false,
  });
  store.addEffect((state, before) => {
    if (state.online && !before.online) stream.again();
  });
  stream.start();
}

/** The list of sessions, and its changes. */
export function followSessions(store: Store): void {
  const load = async (): Promise<void> => {
    await loadSessions(store);
    if (store.state.sessions.loaded && !store.state.sessions.waitingKnown) await loadWaiting(store);
  };
  const heard = (news: ListNews): void => {
    if ("session" in news) {
      store.dispatch({ type: "sessionChanged", item: sessionItem(news.session) });
      return;
    }
    store.dispatch({ type: "listConnected", connected: news.connected });
    // What changed while nobody listened is in the list.
    if (news.connected) void load();
  };
  void load();
  const lasts = (news: ListNews): boolean => "connected" in news;
  inOneTab<ListNews>("casenote.sessions", (tell) => openListStream(store, tell), heard, lasts);
}

/** Follows one open session until it is left. */
class SessionFollower {
  readonly id: number;
  readonly #store: Store;
  readonly #stream: NoteStream;
  #streaming = false;
  #transcriptTimer: number | undefined;
  #left = false;
  #lastTimeAsked = false;

  constructor(store: Store, id: number) {
    this.id = id;
    this.#store = store;
    this.#stream = noteStream(`/sessions/${id}/notes/stream`, () => lastEventId(store.state.open), {
      names: NOTE_EVENTS,
      onEvent: (name, eventId, data) => {
        const event = streamEvent(name, data);
        if (event) store.inSession(id, { type: "eventArrived", position: eventPosition(eventId), event });
      },
      onOpen: () => store.inSession(id, { type: "streamOpened" }),
      onLost: () => store.inSession(id, { type: "streamLost" }),
      onEnded: () => {
        this.#streaming = false;
        store.inSession(id, { type: "streamEnded" });
      },
      isOver: (name) => name === "note" || name === "error",
    });
  }

  start(): void {
    void this.loadTranscript();
    void this.loadNote();
    const item = this.#store.state.sessions.items.get(this.id);
    if (item) void this.#loadLastTime(item);
    if (item?.status === "writing") this.watch();
  }

  leave(): void {
    this.#left = true;
    window.clearTimeout(this.#transcriptTimer);
    this.#stream.stop();
  }

  watch(): void {
    if (this.#streaming || this.#left || document.hidden) return;
    this.#streaming = true;
    this.#store.inSession(this.id, { type: "streamOpening" });
    this.#stream.start();
  }

  reconnect(): void {
    if (this.#streaming) this.#stream.again();
  }

  /** A hidden tab gives its connection up; the list tells it when the note is done. */
  hidden(): void {
    if (!this.#streaming) return;
    this.#streaming = false;
    this.#stream.stop();
    this.#store.inSession(this.id, { type: "streamEnded" });
  }

  /** What was refused while nobody was signed in. */
  signedIn(): void {
    void this.loadTranscript();
    void this.loadNote();
  }

  /** What happened while the tab was hidden, or before it was ever shown. */
  shown(): void {
    if (this.#store.state.open?.note.generation) this.watch();
    void this.loadNote();
    this.#loadTranscriptSoon();
  }

  changed(item: SessionItem, known: SessionItem | undefined): void {
    void this.#loadLastTime(item);
    if (item.turns !== this.#store.state.open?.turns.length) this.#loadTranscriptSoon();
    const version = this.#store.state.open?.note.stored?.version ?? 0;
    if ((item.noteVersion ?? 0) > version) void this.loadNote();
    if (item.status === "writing" && known?.status !== "writing") this.watch();
    // A note that failed leaves no new version to look for.
    const ended = known?.status === "writing" && item.status !== "writing";
    if (ended && !this.#streaming) void this.loadNote();
  }

  /** Once; what cannot be had is not shown. */
  async #loadLastTime(item: SessionItem): Promise<void> {
    if (this.#lastTimeAsked) return;
    this.#lastTimeAsked = true;
    try {
      const lastTime = await fetchLastTime(item);
      this.#store.inSession(this.id, { type: "lastTimeArrived", lastTime });
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
    }
  }

  #loadTranscriptSoon(): void {
    window.clearTimeout(this.#transcriptTimer);
    this.#transcriptTimer = window.setTimeout(() => void this.loadTranscript(), TRANSCRIPT_PAUSE_MS / 4);
  }

  async loadTranscript(): Promise<void> {
    try {
      const transcript = await api.fetchTranscript(this.id);
      this.#store.inSession(this.id, { type: "transcriptArrived", transcript });
    } catch (error) {
      this.#failed(error, () => this.loadTranscript());
    }
  }

  async loadNote(): Promise<void> {
    try {
      const document = await api.fetchNote(this.id);
      this.#store.inSession(this.id, { type: "documentArrived", document });
      if (document.generation) this.watch();
    } catch (error) {
      if (error instanceof api.CallFailed && error.problem.status === 404) {
        const { generating, failure } = error.problem;
        const why = failure === null ? null : { ...error.problem, detail: failure };
        this.#store.inSession(this.id, { type: "noteMissing", failure: why });
        if (generating) this.watch();
      } else {
        this.#failed(error, () => this.loadNote());
      }
    }
  }

  #failed(error: unknown, again: () => Promise<void>): void {
    if (!(error instanceof api.CallFailed)) throw error;
    if (this.#left) return;
    if (error.problem.status === 404) this.#store.inSession(this.id, { type: "sessionMissing" });
    else if (error.unreachable || error.problem.status >= 500) {
      this.#store.inSession(this.id, { type: "loadFailed", trouble: `${error.message} Trying again…` });
      window.setTimeout(() => void again(), TRANSCRIPT_PAUSE_MS);
    } else if (error.problem.status === 401) {
      this.#store.inSession(this.id, { type: "loadFailed", trouble: "Sign in again to see it." });
    } else {
      this.#store.inSession(this.id, { type: "loadFailed", trouble: error.message });
      this.#store.notice(error.message, "problem");
    }
  }
}

/** Follows whichever session is open. Answers the way to watch or load it again after a command. */
export function followOpenSession(store: Store): { watch: () => void; reload: () => Promise<void> } {
  let follower: SessionFollower | null = null;
  const switched = (state: AppState): void => {
    if (follower?.id === state.open?.id) return;
    follower?.leave();
    follower = state.open ? new SessionFollower(store, state.open.id) : null;
    follower?.start();
  };
  store.addEffect((state, before) => {
    if (state.open?.id !== before.open?.id) switched(state);
    if (!follower || !state.open) return;
    const item = state.sessions.items.get(follower.id);
    const known = before.sessions.items.get(follower.id);
    if (item && item !== known) follower.changed(item, known);
    const asked = state.open.note.resync === "asked" && before.open?.note.resync !== "asked";
    if (asked || (state.online && !before.online)) follower.reconnect();
    if (before.signedOut && !state.signedOut) follower.signedIn();
    // What a generation cleared away before it failed is where it was stored.
    if (state.open.note.failure && !before.open?.note.failure) void follower.loadNote();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) follower?.hidden();
    else follower?.shown();
  });
  return {
    watch: () => follower?.watch(),
    reload: async () => {
      await follower?.loadNote();
    },
  };
}

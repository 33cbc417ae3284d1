/** Autosave: a person's words go out a moment after the last key, one request at a time, until all are stored. */

import * as api from "../api/client.ts";
import { pauseAfter } from "../api/events.ts";
import type { NoteState } from "../state/note.ts";
import { nextSave, type SaveRequest } from "../state/saving.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";

const AFTER_LAST_KEY_MS = 700;
const AT_MOST_MS = 3000;
const MOST_ROUNDS = 4;

function anyDue({ open, parked }: AppState): boolean {
  const notes = [...parked.values(), ...(open ? [open] : [])].map(({ note }) => note);
  return notes.some((note) => nextSave(note) !== null);
}

/** Saves the words of one session, one request at a time. */
class SessionSaver {
  readonly #store: Store;
  readonly #id: number;
  readonly #reload: () => Promise<void>;
  #timer: number | undefined;
  #firstUnsaved = 0;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(store: Store, id: number, reload: () => Promise<void>) {
    this.#store = store;
    this.#id = id;
    this.#reload = reload;
  }

  get #note(): NoteState | undefined {
    const { open, parked } = this.#store.state;
    return open?.id === this.#id ? open.note : parked.get(this.#id)?.note;
  }

  plan(): void {
    const note = this.#note;
    // Who signs in again is reachable again, and it is planned then.
    if (!note || !nextSave(note) || this.#store.state.signedOut) {
      this.#firstUnsaved = 0;
      return;
    }
    const now = performance.now();
    if (this.#firstUnsaved === 0) this.#firstUnsaved = now;
    const patience = Math.max(0, this.#firstUnsaved + AT_MOST_MS - now);
    const waiting = this.#failures > 0 ? pauseAfter(this.#failures, Math.random()) : AFTER_LAST_KEY_MS;
    window.clearTimeout(this.#timer);
    const pause = this.#failures > 0 ? waiting : Math.min(waiting, patience);
    this.#timer = window.setTimeout(() => void this.now(), pause);
  }

  reachable(): void {
    this.#failures = 0;
    this.plan();
  }

  /** Saves what is unsaved now, after a save that is under way. */
  async now(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#running = this.#running.then(() => this.#once());
    await this.#running;
    this.plan();
  }

  async #once(): Promise<void> {
    const note = this.#note;
    const request = note ? nextSave(note) : null;
    if (!request || this.#store.state.signedOut) return;
    this.#firstUnsaved = 0;
    await this.#send(request);
  }

  async #send(request: SaveRequest): Promise<void> {
    this.#store.inSession(this.#id, { type: "saveStarted", request });
    try {
      const version = await api.saveSections(this.#id, request.version, request.texts, request.suggestions);
      this.#failures = 0;
      const stored = version ?? (request.version ?? 0) + 1;
      this.#store.inSession(this.#id, { type: "saveDone", request, version: stored, at: Date.now() });
      await this.#reload();
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      await this.#refused(error);
    }
  }

  async #refused(error: api.CallFailed): Promise<void> {
    const { status, current } = error.problem;
    if (status === 412 && current) {
      this.#failures = 0;
      this.#store.inSession(this.#id, { type: "saveRefused", current });
      return;
    }
    this.#failures += 1;
    this.#store.inSession(this.#id, { type: "saveFailed", reason: error.message });
    if (status === 412 || status === 409 || status === 423) await this.#reload();
  }
}

export class Autosave {
  readonly #savers = new Map<number, SessionSaver>();
  readonly #store: Store;
  readonly #reload: () => Promise<void>;

  constructor(store: Store, reload: () => Promise<void>) {
    this.#store = store;
    this.#reload = reload;
    store.addEffect((state, before) => {
      if (state.open && state.open.note.sections !== before.open?.note.sections)
        this.#saver(state.open.id).plan();
      if (state.parked !== before.parked) this.#planParked(state, before);
      if (state.online && !before.online) for (const saver of this.#savers.values()) saver.reachable();
      this.#forget(state);
    });
  }

  /** Every session that has unsaved words, and what an answer leaves to be sent, as far as a few rounds get. */
  async all(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS && (round === 0 || anyDue(this.#store.state)); round += 1) {
      await this.now();
      await Promise.all([...this.#savers.values()].map((saver) => saver.now()));
    }
  }

  /** Words that were found again, or whose session was left, go out without anybody opening it. */
  #planParked(state: AppState, before: AppState): void {
    for (const [id, session] of state.parked) {
      if (before.parked.get(id) !== session && before.open?.id !== id) this.#saver(id).plan();
    }
  }

  /** Saves a session's words without waiting for a pause in the typing: the open one's, where none is named. */
  async now(id = this.#store.state.open?.id): Promise<void> {
    if (id !== undefined) await this.#saver(id).now();
  }

  #saver(id: number): SessionSaver {
    const reload = async (): Promise<void> => {
      if (this.#store.state.open?.id === id) await this.#reload();
    };
    const saver = this.#savers.get(id) ?? new SessionSaver(this.#store, id, reload);
    this.#savers.set(id, saver);
    return saver;
  }

  #forget(state: AppState): void {
    for (const id of this.#savers.keys()) {
      if (id !== state.open?.id && !state.parked.has(id)) this.#savers.delete(id);
    }
  }
}

/** The browser asks before a page with unsaved words is left; ``reload`` is for who was asked already. */
export function leavingWith(unsaved: () => boolean): { readonly reload: () => void } {
  let asked = false;
  window.addEventListener("beforeunload", (event) => {
    if (!asked && unsaved()) event.preventDefault();
  });
  return {
    reload: () => {
      asked = true;
      window.location.reload();
    },
  };
}

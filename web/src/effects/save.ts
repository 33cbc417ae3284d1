/** Autosave: a person's words go out a moment after the last key, one request at a time, until all are stored. */

import * as api from "../api/client.ts";
import { pauseAfter } from "../api/events.ts";
import type { NoteState } from "../state/note.ts";
import { nextSave, type SaveRequest } from "../state/saving.ts";
import type { Store } from "../store.ts";

const AFTER_LAST_KEY_MS = 700;
const AT_MOST_MS = 3000;

export class Autosave {
  readonly #store: Store;
  readonly #reload: () => Promise<void>;
  #timer: number | undefined;
  #firstUnsaved = 0;
  #busy = false;
  #failures = 0;

  constructor(store: Store, reload: () => Promise<void>) {
    this.#store = store;
    this.#reload = reload;
    store.addEffect((state, before) => {
      const online = state.online && !before.online;
      if (online) this.#failures = 0;
      if (state.open?.note.sections !== before.open?.note.sections || online) this.#plan();
    });
  }

  /** Saves what is unsaved without waiting for a pause in the typing. */
  async now(): Promise<void> {
    window.clearTimeout(this.#timer);
    await this.#save();
  }

  #plan(): void {
    const note = this.#store.state.open?.note;
    if (!note || !nextSave(note)) {
      this.#firstUnsaved = 0;
      return;
    }
    const now = performance.now();
    if (this.#firstUnsaved === 0) this.#firstUnsaved = now;
    const patience = Math.max(0, this.#firstUnsaved + AT_MOST_MS - now);
    const pause =
      this.#failures > 0 ? pauseAfter(this.#failures, Math.random()) : Math.min(AFTER_LAST_KEY_MS, patience);
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#save(), pause);
  }

  async #save(): Promise<void> {
    const note = this.#store.state.open?.note;
    const request = note ? nextSave(note) : null;
    if (!note || !request || this.#busy) return;
    this.#busy = true;
    this.#firstUnsaved = 0;
    this.#store.inSession(note.sessionId, { type: "saveStarted", request });
    try {
      await this.#send(note, request);
    } finally {
      this.#busy = false;
      this.#plan();
    }
  }

  async #send(note: NoteState, request: SaveRequest): Promise<void> {
    const id = note.sessionId;
    try {
      const version = await api.saveSections(id, request.version, request.texts);
      this.#failures = 0;
      const stored = version ?? (request.version ?? 0) + 1;
      this.#store.inSession(id, { type: "saveDone", request, version: stored, at: Date.now() });
      await this.#reload();
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      this.#refused(id, error);
      if (error.problem.status === 412 && !error.problem.current) await this.#reload();
    }
  }

  #refused(id: number, error: api.CallFailed): void {
    const { status, current } = error.problem;
    if (status === 412 && current) {
      this.#failures = 0;
      this.#store.inSession(id, { type: "saveRefused", current });
      return;
    }
    this.#failures += 1;
    this.#store.inSession(id, { type: "saveFailed", reason: error.message });
  }
}

/** The browser asks before a page with unsaved words is left. */
export function warnBeforeLeaving(hasUnsaved: () => boolean): void {
  window.addEventListener("beforeunload", (event) => {
    if (hasUnsaved()) event.preventDefault();
  });
}

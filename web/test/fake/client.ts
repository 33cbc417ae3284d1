/** The page without a page: the same pure state, driven as its effects drive it, over the fake network. */

import { eventPosition, noteDocument, streamEvent } from "../../src/api/decode.ts";
import { hasUnsaved, type NoteState, type SectionState } from "../../src/state/note.ts";
import { reduce } from "../../src/state/reduce.ts";
import { nextSave } from "../../src/state/saving.ts";
import { type AppState, INITIAL, type SessionAction } from "../../src/state/state.ts";
import type { FakeNetwork } from "./network.ts";
import { type FakeEvent, type FakeSession, HEADINGS } from "./server.ts";

export class FakeClient {
  state: AppState;
  readonly #server: FakeSession;
  readonly #network: FakeNetwork;
  #saving = false;
  #loading = false;

  constructor(server: FakeSession, network: FakeNetwork) {
    this.#server = server;
    this.#network = network;
    const sections = HEADINGS.map(([id, heading]) => ({ id, heading }));
    const formats = [{ id: "progress", name: "Progress note", sections }];
    const ready = reduce(INITIAL, {
      type: "formatsArrived",
      formats,
      defaultFormat: "progress",
      options: [],
    });
    this.state = reduce(ready, { type: "routed", route: { view: "session", sessionId: server.id } });
  }

  act(action: SessionAction): void {
    this.state = reduce(this.state, { type: "inSession", sessionId: this.#server.id, action });
  }

  get note(): NoteState {
    if (!this.state.open) throw new Error("no session is open");
    return this.state.open.note;
  }

  section(id: string): SectionState {
    const section = this.note.sections.find((candidate) => candidate.id === id);
    if (!section) throw new Error(`there is no section ${id}`);
    return section;
  }

  get settled(): boolean {
    return !this.#saving && !this.#loading && !hasUnsaved(this.note);
  }

  take(event: FakeEvent): void {
    const read = streamEvent(event.name, event.data);
    if (read) this.act({ type: "eventArrived", position: eventPosition(event.id), event: read });
    if (this.note.resync === "asked") this.resume();
  }

  /** A new connection: everything after the last event that was taken in, in order. */
  resume(): void {
    const last = this.note.lastEvent;
    const id = last ? `${last.generation}.${last.attempt}.${last.number}` : null;
    this.act({ type: "streamOpened" });
    for (const event of this.#server.after(id)) this.take(event);
  }

  load(): void {
    if (this.#loading) return;
    this.#loading = true;
    this.#network.call(
      () => (this.#server.sections ? noteDocument(this.#server.document()) : null),
      (document) => {
        this.#loading = false;
        if (document) this.act({ type: "documentArrived", document });
      },
      () => {
        this.#loading = false;
      },
    );
  }

  save(): void {
    const request = nextSave(this.note);
    if (!request || this.#saving) return;
    this.#saving = true;
    this.act({ type: "saveStarted", request });
    this.#network.call(
      () => this.#server.put(request.texts, request.version ?? 0),
      (answer) => {
        this.#saving = false;
        if (answer.status === 200) this.act({ type: "saveDone", request, version: answer.version, at: 0 });
        else if (answer.status === 412)
          this.act({ type: "saveRefused", current: noteDocument(answer.current) });
        else this.act({ type: "saveFailed", reason: "refused" });
        this.load();
      },
      () => {
        this.#saving = false;
        this.act({ type: "saveFailed", reason: "no answer" });
      },
    );
  }
}

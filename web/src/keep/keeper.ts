/**
 * Keeps a person's unsaved words on this machine, sealed, from the key press until the server has them: a browser that
 * dies takes nothing with it. What a dead tab left comes back in the next one of the same person.
 */

import { hasUnsaved, type NoteState } from "../state/note.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import type { Seal } from "./seal.ts";
import { type Entry, outdated, type Shelf } from "./shelf.ts";
import { type KeptWords, readWords, wordsToKeep } from "./words.ts";

const AFTER_KEY_MS = 250;
const TAB_LOCK = "casenote.tab.";

export interface Recovered {
  readonly session: number;
  readonly words: readonly KeptWords[];
}

export class Keeper {
  readonly #store: Store;
  readonly #seal: Seal;
  readonly #shelf: Shelf;
  readonly #tab = crypto.randomUUID();
  /** The notes as they were last put on the shelf, by session. */
  readonly #kept = new Map<number, NoteState>();
  #timer: number | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(store: Store, seal: Seal, shelf: Shelf) {
    this.#store = store;
    this.#seal = seal;
    this.#shelf = shelf;
    // It is held for as long as the tab lives: what lies here under its name is nobody else's until then.
    void navigator.locks.request(TAB_LOCK + this.#tab, () => new Promise<never>(() => {}));
  }

  /** What tabs that are gone left of this person's, now under this tab's name; what is too old is removed. */
  recover(): Promise<readonly Recovered[]> {
    return navigator.locks.request("casenote.recover", async () => {
      const entries = await this.#shelf.entries();
      const old = new Set(outdated(entries, Date.now()));
      await this.#shelf.remove([...old].map(({ id }) => id));
      const { held = [] } = await navigator.locks.query();
      const alive = new Set(held.map(({ name }) => name));
      const orphans = entries.filter(
        (entry) => !old.has(entry) && entry.owner === this.#seal.owner && !alive.has(TAB_LOCK + entry.tab),
      );
      const found: Recovered[] = [];
      for (const orphan of orphans) found.push(...(await this.#adopt(orphan, found)));
      return found;
    });
  }

  /** Two dead tabs may have left words for one session: both are put under this tab's name. */
  async #adopt(orphan: Entry, found: readonly Recovered[]): Promise<readonly Recovered[]> {
    const json = await this.#seal.open(orphan, String(orphan.session));
    if (json === null) {
      await this.#shelf.remove([orphan.id]);
      return [];
    }
    const words = readWords(json);
    const before = found.filter(({ session }) => session === orphan.session).flatMap((one) => one.words);
    await this.#shelf.replace(orphan, await this.#entry(orphan.session, [...before, ...words]));
    return [{ session: orphan.session, words }];
  }

  async #entry(session: number, words: readonly KeptWords[]): Promise<Entry> {
    const sealed = await this.#seal.close(JSON.stringify(words), String(session));
    const { owner } = this.#seal;
    return { ...sealed, id: this.#id(session), tab: this.#tab, session, owner, at: Date.now() };
  }

  #id(session: number): string {
    return `${this.#tab}/${session}`;
  }

  /** Follows the state from now on. */
  start(): void {
    this.#store.addEffect((state, before) => {
      const changed = state.open?.note.sections !== before.open?.note.sections;
      if (changed || state.parked !== before.parked) this.#soon();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) void this.#flush();
    });
  }

  #soon(): void {
    this.#timer ??= window.setTimeout(() => void this.#flush(), AFTER_KEY_MS);
  }

  #flush(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write()).catch(() => {});
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#stopped) return;
    const unsaved = unsavedNotes(this.#store.state);
    const gone = [...this.#kept.keys()].filter((session) => !unsaved.has(session));
    if (gone.length > 0) await this.#shelf.remove(gone.map((session) => this.#id(session)));
    for (const session of gone) this.#kept.delete(session);
    for (const [session, note] of unsaved) {
      if (this.#kept.get(session)?.sections === note.sections) continue;
      await this.#shelf.put(await this.#entry(session, wordsToKeep(note)));
      this.#kept.set(session, note);
    }
  }

  /** The person signed out: nothing of anybody's stays on this machine. */
  async clear(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
    await this.#shelf.clear();
  }
}

function unsavedNotes(state: AppState): ReadonlyMap<number, NoteState> {
  const notes = new Map([...state.parked].map(([id, { note }]) => [id, note] as const));
  if (state.open) notes.set(state.open.id, state.open.note);
  return new Map([...notes].filter(([, note]) => hasUnsaved(note)));
}

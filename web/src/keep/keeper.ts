/**
 * Keeps a person's unsaved words on this machine, sealed, from the key press until the server has them: a browser that
 * dies takes nothing with it. What a dead tab left comes back in another one of the same person.
 */

import { hasUnsaved, type NoteState } from "../state/note.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import type { Seal } from "./seal.ts";
import { type Entry, outdated, type Shelf } from "./shelf.ts";
import { type KeptWords, readWords, wordsToKeep } from "./words.ts";

const AFTER_KEY_MS = 250;
const TAB_LOCK = "casenote.tab.";

/** What lies on the shelf of one session under this tab's name. */
interface Kept {
  /** The sections as they were put there last; null where they were not yet. */
  readonly sections: NoteState["sections"] | null;
  /** The entries of dead tabs whose words are in this tab's state: its own entry takes their place. */
  readonly taken: readonly string[];
}

const NOTHING: Kept = { sections: null, taken: [] };

export class Keeper {
  readonly #store: Store;
  readonly #seal: Seal;
  readonly #shelf: Shelf;
  readonly #tab = crypto.randomUUID();
  readonly #kept = new Map<number, Kept>();
  /** Living tabs that have words here: whether they go is waited for. */
  readonly #watched = new Set<string>();
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

  /** Takes over what tabs that are gone left of this person's, now and when others go; removes what is too old. */
  async recover(): Promise<void> {
    const living = await navigator.locks.request("casenote.recover", () => this.#takeOver());
    for (const tab of living) void this.#whenGone(tab, () => this.#recoverAgain());
  }

  /** Where the storage is closed by now, the page works without it. */
  #recoverAgain(): void {
    if (!this.#stopped) void this.recover().catch(() => {});
  }

  /** Answers the tabs that live and have words here. */
  async #takeOver(): Promise<ReadonlySet<string>> {
    const entries = await this.#shelf.entries();
    const old = new Set(outdated(entries, Date.now()));
    await this.#shelf.remove([...old].map(({ id }) => id));
    const { held = [] } = await navigator.locks.query();
    const alive = new Set(held.map(({ name }) => name));
    const others = entries.filter(
      (entry) => !old.has(entry) && entry.owner === this.#seal.owner && entry.tab !== this.#tab,
    );
    const orphans = others.filter(({ tab }) => !alive.has(TAB_LOCK + tab));
    let found = 0;
    for (const orphan of orphans) if (await this.#adopt(orphan)) found += 1;
    if (found > 0) this.#store.notice("Words that were not saved when their page closed are back.");
    return new Set(others.map(({ tab }) => tab).filter((tab) => alive.has(TAB_LOCK + tab)));
  }

  /** Whether there were words in it. On the shelf they are this tab's first, so that no other one takes them too. */
  async #adopt(orphan: Entry): Promise<boolean> {
    const { id, session } = orphan;
    const json = await this.#seal.open(orphan, String(session));
    if (this.#stopped) return false;
    if (json === null) {
      await this.#shelf.remove([id]);
      return false;
    }
    await this.#shelf.put({ ...orphan, tab: this.#tab });
    this.#store.dispatch({ type: "wordsRecovered", session, words: readWords(json) });
    const { sections, taken } = this.#kept.get(session) ?? NOTHING;
    this.#kept.set(session, { sections, taken: [...taken, id] });
    this.#soon();
    return true;
  }

  /** A tab that is closed lives on for a moment, and another may be closed while this one stays. */
  async #whenGone(tab: string, then: () => void): Promise<void> {
    if (this.#watched.has(tab)) return;
    this.#watched.add(tab);
    await navigator.locks.request(TAB_LOCK + tab, { mode: "shared" }, () => {});
    this.#watched.delete(tab);
    then();
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
      else this.#recoverAgain();
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
    // Both as they are now: what is taken over while this writes is not in these notes.
    const unsaved = unsavedNotes(this.#store.state);
    const before = new Map(this.#kept);
    for (const [session, kept] of before) {
      if (unsaved.has(session)) continue;
      await this.#shelf.remove([this.#id(session), ...kept.taken]);
      this.#settled(session, kept, null);
    }
    for (const [session, note] of unsaved) {
      const kept = before.get(session) ?? NOTHING;
      if (kept.sections === note.sections && kept.taken.length === 0) continue;
      await this.#shelf.replace(kept.taken, await this.#entry(session, wordsToKeep(note)));
      this.#settled(session, kept, note.sections);
    }
  }

  /** What was ``kept`` is written or gone; what came while that was done is still to do. */
  #settled(session: number, kept: Kept, sections: NoteState["sections"] | null): void {
    const taken = (this.#kept.get(session) ?? NOTHING).taken.filter((id) => !kept.taken.includes(id));
    if (sections === null && taken.length === 0) this.#kept.delete(session);
    else this.#kept.set(session, { sections, taken });
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

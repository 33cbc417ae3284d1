/**
 * Keeps a person's unsaved words on this machine, sealed, from the key press until the server has them: a browser that
 * dies takes nothing with it. What a dead tab left comes back in another one of the same person.
 */

import type { NoteState } from "../state/note.ts";
import { type AppState, anyUnsaved } from "../state/state.ts";
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
  /** Since when words of it lie here, in milliseconds since 1970; null where that is from now on. */
  readonly since: number | null;
}

const NOTHING: Kept = { sections: null, taken: [], since: null };

export class Keeper {
  readonly #store: Store;
  readonly #seal: Seal;
  readonly #shelf: Shelf;
  readonly #isOwner: () => Promise<boolean>;
  readonly #tab = crypto.randomUUID();
  readonly #kept = new Map<number, Kept>();
  /** Living tabs that have words here: whether they go is waited for. */
  readonly #watched = new Set<string>();
  #timer: number | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  /** ``isOwner``: whether the person who is signed in now is the one whose seal it is. */
  constructor(store: Store, seal: Seal, shelf: Shelf, isOwner: () => Promise<boolean>) {
    this.#store = store;
    this.#seal = seal;
    this.#shelf = shelf;
    this.#isOwner = isOwner;
    // It is held for as long as the tab lives: what lies here under its name is nobody else's until then.
    void navigator.locks.request(TAB_LOCK + this.#tab, () => new Promise<never>(() => {}));
  }

  /**
   * Takes over what tabs that are gone left of this person's, now and when others go; removes what is too old. Answers
   * whether nothing of tabs that are gone is left.
   */
  async recover(): Promise<boolean> {
    const { living, all } = await navigator.locks.request("casenote.recover", () => this.#takeOver());
    for (const tab of living) void this.#whenGone(tab);
    return all;
  }

  /**
   * The same later, for who looks at this page: one that is reloaded takes its words back before a hidden one does.
   * Where the storage is closed by now, the page works without it.
   */
  async recoverAgain(): Promise<boolean> {
    if (this.#closed || document.hidden) return true;
    return this.recover().catch(() => false);
  }

  /** Nothing is taken out of its seal for a page that nobody is signed in to. */
  get #closed(): boolean {
    return this.#stopped || this.#store.state.signedOut;
  }

  /** Answers the tabs that live and have words here, and whether all of the others' were taken. */
  async #takeOver(): Promise<{ readonly living: ReadonlySet<string>; readonly all: boolean }> {
    const entries = await this.#shelf.entries();
    const old = new Set(outdated(entries, Date.now()));
    if (old.size > 0) await this.#shelf.remove([...old].map(({ id }) => id));
    const alive = await livingTabs();
    const others = entries.filter(
      (entry) => !old.has(entry) && entry.owner === this.#seal.owner && !this.#knows(entry),
    );
    const orphans = others.filter(({ tab }) => tab === this.#tab || !alive.has(tab));
    const all = orphans.length === 0 || ((await this.#isOwner()) && (await this.#adopt(orphans)));
    const tabs = others.map(({ tab }) => tab).filter((tab) => tab !== this.#tab && alive.has(tab));
    return { living: new Set(tabs), all };
  }

  /** Whether its words are in this tab's state. One that was taken while a sign-in ran out lies here unopened. */
  #knows({ id, tab, session }: Entry): boolean {
    if (tab !== this.#tab) return false;
    return id === this.#id(session) || this.#kept.get(session)?.taken.includes(id) === true;
  }

  async #adopt(orphans: readonly Entry[]): Promise<boolean> {
    let found = false;
    for (const { id } of orphans) {
      if (this.#closed) return false;
      // From here on it is this tab's, as it is now, so that no other one takes it too.
      const entry = await this.#shelf.take(id, this.#tab);
      if (entry && (await this.#open(entry))) found = true;
    }
    if (found) this.#store.notice("Words that were not saved when their page closed are back.");
    return true;
  }

  /** Puts its words into the state; answers whether there were any. */
  async #open(entry: Entry): Promise<boolean> {
    const { id, session, at } = entry;
    const json = await this.#seal.open(entry, String(session));
    if (this.#closed) return false;
    const words = json === null ? [] : readWords(json);
    if (words.length === 0) {
      await this.#shelf.remove([id]);
      return false;
    }
    this.#store.dispatch({ type: "wordsRecovered", session, words });
    const { sections, taken, since } = this.#kept.get(session) ?? NOTHING;
    this.#kept.set(session, { sections, taken: [...taken, id], since: Math.min(since ?? at, at) });
    this.#soon();
    return true;
  }

  /** A tab that is closed lives on for a moment, and another may be closed while this one stays. */
  async #whenGone(tab: string): Promise<void> {
    if (this.#watched.has(tab)) return;
    this.#watched.add(tab);
    await navigator.locks.request(TAB_LOCK + tab, { mode: "shared" }, () => {});
    this.#watched.delete(tab);
    await this.recoverAgain();
  }

  async #entry(session: number, words: readonly KeptWords[], at: number): Promise<Entry> {
    const sealed = await this.#seal.close(JSON.stringify(words), String(session));
    const { owner } = this.#seal;
    return { ...sealed, id: this.#id(session), tab: this.#tab, session, owner, at };
  }

  #id(session: number): string {
    return `${this.#tab}/${session}`;
  }

  /** Follows the state from now on. */
  start(): void {
    this.#store.addEffect((state, before) => {
      const changed = state.open?.note.sections !== before.open?.note.sections;
      if (changed || state.parked !== before.parked) this.#soon();
      if (before.signedOut && !state.signedOut) this.#goOn();
      if (state.online && !before.online) void this.recoverAgain();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) void this.#flush();
      else void this.recoverAgain();
    });
    window.addEventListener("focus", () => void this.recoverAgain());
    this.#soon();
  }

  /** The same person is signed in again. */
  #goOn(): void {
    this.#stopped = false;
    for (const [session, kept] of this.#kept) this.#kept.set(session, { ...kept, sections: null });
    this.#soon();
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
      this.#settled(session, kept, NOTHING);
    }
    for (const [session, { sections, words }] of unsaved) {
      const kept = before.get(session) ?? NOTHING;
      if (kept.sections === sections && kept.taken.length === 0) continue;
      const since = kept.since ?? Date.now();
      await this.#shelf.replace(kept.taken, await this.#entry(session, words, since));
      this.#settled(session, kept, { sections, taken: [], since });
    }
  }

  /** What was ``kept`` is ``now`` on the shelf; what came while that was done is still to do. */
  #settled(session: number, kept: Kept, now: Kept): void {
    const { taken, since } = this.#kept.get(session) ?? NOTHING;
    const left = taken.filter((id) => !kept.taken.includes(id));
    if (left.length > 0) this.#kept.set(session, { sections: now.sections, taken: left, since });
    else if (now === NOTHING) this.#kept.delete(session);
    else this.#kept.set(session, now);
  }

  /** Whether words of this person lie here that are the own of another tab that lives. */
  async elsewhere(): Promise<boolean> {
    const [entries, alive] = [await this.#shelf.entries(), await livingTabs()];
    return entries.some(
      ({ owner, tab }) => owner === this.#seal.owner && tab !== this.#tab && alive.has(tab),
    );
  }

  /** Puts here at once what is to be kept; answers whether all unsaved words lie here. */
  async settle(): Promise<boolean> {
    await this.#flush();
    if (this.#stopped) return !anyUnsaved(this.#store.state);
    const unsaved = [...unsavedNotes(this.#store.state)];
    return unsaved.every(([session, { sections }]) => this.#kept.get(session)?.sections === sections);
  }

  /** The person signed out: nothing of theirs stays on this machine but, unless ``all`` go, other living tabs' own. */
  async clear(all: boolean): Promise<void> {
    this.#stopped = true;
    await this.#writing;
    const alive = all ? new Set<string>() : await livingTabs();
    const own = (await this.#shelf.entries()).filter(({ owner }) => owner === this.#seal.owner);
    const gone = own.filter(({ tab }) => tab === this.#tab || !alive.has(tab));
    if (gone.length > 0) await this.#shelf.remove(gone.map(({ id }) => id));
  }
}

/** The tabs that hold their own lock. One that waits for another's end may hold that lock for a moment, shared. */
async function livingTabs(): Promise<ReadonlySet<string>> {
  const { held = [] } = await navigator.locks.query();
  const names = held.filter(({ mode }) => mode === "exclusive").map(({ name = "" }) => name);
  return new Set(
    names.filter((name) => name.startsWith(TAB_LOCK)).map((name) => name.slice(TAB_LOCK.length)),
  );
}

interface Unsaved {
  readonly sections: NoteState["sections"];
  readonly words: readonly KeptWords[];
}

function unsavedNotes({ parked, open }: AppState): ReadonlyMap<number, Unsaved> {
  const notes = new Map([...parked].map(([id, { note }]) => [id, note] as const));
  if (open) notes.set(open.id, open.note);
  const unsaved = [...notes].map(
    ([id, note]) => [id, { sections: note.sections, words: wordsToKeep(note) }] as const,
  );
  return new Map(unsaved.filter(([, { words }]) => words.length > 0));
}

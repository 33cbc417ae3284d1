/** Where sealed words lie in this browser: one entry for each tab and session, few of them and not for long. */

import type { Sealed } from "./seal.ts";

export interface Entry extends Sealed {
  /** ``<tab>/<session>``. */
  readonly id: string;
  readonly tab: string;
  readonly session: number;
  /** Whose seal is on it. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const STORE = "unsaved";
const KEPT_MS = 7 * 24 * 3600 * 1000;
const MOST_ENTRIES = 40;

/** Those that are too old, and the oldest of too many: they go. */
export function outdated(entries: readonly Entry[], now: number): readonly Entry[] {
  const newestFirst = [...entries].sort((a, b) => b.at - a.at);
  return newestFirst.filter((entry, place) => place >= MOST_ENTRIES || now - entry.at > KEPT_MS);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Shelf {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(): Promise<Shelf> {
    const request = indexedDB.open("casenote", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    const database = await done(request);
    // Another tab deletes or renews it: this one must not be in the way.
    database.onversionchange = () => database.close();
    return new Shelf(database);
  }

  /** Runs one transaction; returns when it is on the disk. */
  #write(work: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
    work(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** Puts an entry under another tab's name; answers it as it is by now, or undefined where it is gone. */
  take(id: string, tab: string): Promise<Entry | undefined> {
    let found: Entry | undefined;
    const written = this.#write((store) => {
      const request: IDBRequest<Entry | undefined> = store.get(id);
      request.onsuccess = () => {
        found = request.result;
        if (found) store.put({ ...found, tab });
      };
    });
    return written.then(() => found);
  }

  entries(): Promise<readonly Entry[]> {
    return done(this.#database.transaction(STORE).objectStore(STORE).getAll());
  }

  put(entry: Entry): Promise<void> {
    return this.#write((store) => store.put(entry));
  }

  /** In one step: after it either the old ones or the new one is there. */
  replace(old: readonly string[], entry: Entry): Promise<void> {
    return this.#write((store) => {
      store.put(entry);
      for (const id of old) store.delete(id);
    });
  }

  remove(ids: readonly string[]): Promise<void> {
    return this.#write((store) => {
      for (const id of ids) store.delete(id);
    });
  }
}

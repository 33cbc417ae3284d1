/** Unsaved words outlive the browser, where the browser can seal them. */

import * as api from "../api/client.ts";
import { pauseAfter } from "../api/events.ts";
import { anyUnsaved } from "../state/state.ts";
import type { Store } from "../store.ts";
import { Keeper } from "./keeper.ts";
import { Seal } from "./seal.ts";
import { Shelf } from "./shelf.ts";

const ASKED_WITHIN_MS = 5000;

/** What signing out asks of the words on this machine. */
export interface Unsaved {
  /** Takes over what other pages left that are gone; answers whether that was all. */
  readonly recover: () => Promise<boolean>;
  /** Whether words of this person lie here that are another tab's. */
  readonly elsewhere: () => Promise<boolean>;
  /** Puts here what is to be kept, at once; answers whether all unsaved words lie here. */
  readonly settle: () => Promise<boolean>;
  /** Removes this person's; those of other tabs that live only where ``all`` are to go. */
  readonly clear: (all: boolean) => Promise<void>;
}

function keepsNothing(store: Store): Unsaved {
  return {
    recover: async () => true,
    elsewhere: async () => false,
    settle: async () => !anyUnsaved(store.state),
    clear: async () => {},
  };
}

function able(): boolean {
  return window.isSecureContext && "indexedDB" in window && "locks" in navigator;
}

/** Another person may have signed in on another page. Where the server cannot be asked, it is nobody. */
async function isOwner(store: Store): Promise<boolean> {
  try {
    return (await api.fetchMe(ASKED_WITHIN_MS)).subject === store.state.me?.subject;
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    return false;
  }
}

/** Its storage may be closed or full: the page works all the same. */
function unlessStorage(error: unknown): void {
  if (!(error instanceof DOMException)) throw error;
}

/** Keeps words as soon as the server gives the key: one that cannot be reached now is asked again. */
class Keeping implements Unsaved {
  readonly #store: Store;
  #keeper: Keeper | null = null;
  #beginning = false;
  #failures = 0;
  #timer: number | undefined;

  constructor(store: Store) {
    this.#store = store;
    store.addEffect((state, before) => {
      if (state.online && !before.online) void this.begin();
    });
  }

  /** What pages that are gone left comes back; then what this one cannot save is kept. */
  async begin(): Promise<void> {
    if (this.#keeper || this.#beginning) return;
    window.clearTimeout(this.#timer);
    this.#beginning = true;
    try {
      const seal = await Seal.of(await api.fetchUnsavedKey(ASKED_WITHIN_MS));
      const keeper = new Keeper(this.#store, seal, await Shelf.open(), () => isOwner(this.#store));
      await keeper.recover().catch(unlessStorage);
      keeper.start();
      this.#keeper = keeper;
    } catch (error) {
      if (error instanceof api.CallFailed) this.#later(error);
      else unlessStorage(error);
    } finally {
      this.#beginning = false;
    }
  }

  #later({ unreachable, problem }: api.CallFailed): void {
    if (!unreachable && problem.status < 500) return;
    this.#failures += 1;
    this.#timer = window.setTimeout(() => void this.begin(), pauseAfter(this.#failures, Math.random()));
  }

  readonly recover = async (): Promise<boolean> => (await this.#keeper?.recoverAgain()) ?? true;

  readonly elsewhere = async (): Promise<boolean> =>
    (await this.#keeper?.elsewhere().catch(() => false)) ?? false;

  readonly settle = async (): Promise<boolean> =>
    (await this.#keeper?.settle()) ?? !anyUnsaved(this.#store.state);

  readonly clear = async (all: boolean): Promise<void> => this.#keeper?.clear(all);
}

/**
 * Brings back what pages that are gone could not save, then keeps what this one cannot. Where the browser cannot seal,
 * or its storage is closed, nothing is kept and the page works all the same.
 */
export async function keepUnsaved(store: Store): Promise<Unsaved> {
  if (!able()) return keepsNothing(store);
  const keeping = new Keeping(store);
  await keeping.begin();
  return keeping;
}

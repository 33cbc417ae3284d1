/** Unsaved words outlive the browser, where the browser can seal them. */

import * as api from "../api/client.ts";
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

/**
 * Brings back what pages that are gone could not save, then keeps what this one cannot. Where the browser cannot seal,
 * or its storage is closed, nothing is kept and the page works all the same.
 */
export async function keepUnsaved(store: Store): Promise<Unsaved> {
  if (!able()) return keepsNothing(store);
  try {
    const seal = await Seal.of(await api.fetchUnsavedKey());
    const keeper = new Keeper(store, seal, await Shelf.open(), () => isOwner(store));
    await keeper.recover().catch(unlessStorage);
    keeper.start();
    return {
      recover: () => keeper.recoverAgain(),
      elsewhere: () => keeper.elsewhere().catch(() => false),
      settle: () => keeper.settle(),
      clear: (all) => keeper.clear(all),
    };
  } catch (error) {
    if (!(error instanceof api.CallFailed || error instanceof DOMException)) throw error;
    return keepsNothing(store);
  }
}

/** Unsaved words outlive the browser, where the browser can seal them. */

import * as api from "../api/client.ts";
import type { Store } from "../store.ts";
import { Keeper } from "./keeper.ts";
import { Seal } from "./seal.ts";
import { Shelf } from "./shelf.ts";

const ASKED_WITHIN_MS = 5000;

/** Heard by the person's other tabs. */
const SIGNED_OUT_CHANNEL = "casenote.signed-out";

/** What signing out asks of the words on this machine. */
export interface Unsaved {
  /** Takes over what other pages left that are gone; answers whether that was all. */
  readonly recover: () => Promise<boolean>;
  /** Removes all of them. */
  readonly clear: () => Promise<void>;
}

const KEEPS_NOTHING: Unsaved = { recover: async () => true, clear: async () => {} };

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
  if (!able()) return KEEPS_NOTHING;
  try {
    const seal = await Seal.of(await api.fetchUnsavedKey());
    const keeper = new Keeper(store, seal, await Shelf.open(), () => isOwner(store));
    const channel = new BroadcastChannel(SIGNED_OUT_CHANNEL);
    channel.addEventListener("message", () => {
      void keeper.clear();
      window.dispatchEvent(new Event(api.SIGNED_OUT));
    });
    await keeper.recover().catch(unlessStorage);
    keeper.start();
    const clear = async (): Promise<void> => {
      channel.postMessage(null);
      await keeper.clear();
    };
    return { recover: () => keeper.recoverAgain(), clear };
  } catch (error) {
    if (!(error instanceof api.CallFailed || error instanceof DOMException)) throw error;
    return KEEPS_NOTHING;
  }
}

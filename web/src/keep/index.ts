/** Unsaved words outlive the browser, where the browser can seal them. */

import * as api from "../api/client.ts";
import type { Store } from "../store.ts";
import { Keeper } from "./keeper.ts";
import { Seal } from "./seal.ts";
import { Shelf } from "./shelf.ts";

/** Heard by the person's other tabs. */
const SIGNED_OUT_CHANNEL = "casenote.signed-out";

function able(): boolean {
  return window.isSecureContext && "indexedDB" in window && "locks" in navigator;
}

/**
 * Brings back what pages that are gone could not save, then keeps what this one cannot. Answers the way to clear it all at
 * sign-out. Where the browser cannot seal, or its storage is closed, nothing is kept and the page works all the same.
 */
export async function keepUnsaved(store: Store): Promise<() => Promise<void>> {
  if (!able()) return async () => {};
  try {
    const keeper = new Keeper(store, await Seal.of(await api.fetchUnsavedKey()), await Shelf.open());
    await keeper.recover();
    keeper.start();
    const channel = new BroadcastChannel(SIGNED_OUT_CHANNEL);
    channel.addEventListener("message", () => {
      void keeper.clear();
      window.dispatchEvent(new Event(api.SIGNED_OUT));
    });
    return async () => {
      channel.postMessage(null);
      await keeper.clear();
    };
  } catch (error) {
    if (!(error instanceof api.CallFailed || error instanceof DOMException)) throw error;
    return async () => {};
  }
}

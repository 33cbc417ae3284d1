/** A sign-in that ran out is asked for again over the open page; until then nothing is sent in anybody's name. */

import * as api from "../api/client.ts";
import type { Store } from "../store.ts";

const AGAIN_MS = 1000;

/** The same person goes on; for another one the page begins anew, and the words stay sealed for whose they are. */
async function signedInAgain(store: Store, handOver: () => Promise<void>): Promise<void> {
  try {
    const me = await api.fetchMe();
    if (me.subject !== store.state.me?.subject) {
      await handOver();
      return;
    }
    store.dispatch({ type: "meKnown", me });
    // What waits for a connection waits for this too.
    store.dispatch({ type: "wentOffline" });
    store.dispatch({ type: "wentOnline" });
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    if (error.problem.status !== 401) window.setTimeout(() => void signedInAgain(store, handOver), AGAIN_MS);
  }
}

/**
 * Asks when a call is refused for want of a sign-in, and again with every change that cannot be saved for want of it;
 * after a sign-out in another tab there is no way around it. ``begin`` begins the page anew for another person, and
 * comes back where this one stays, because words would be lost.
 */
export function askAgainWhenSignedOut(store: Store, begin: () => Promise<void>): void {
  const ask = async (): Promise<void> => {
    store.dispatch({ type: "signedOut" });
    const { askToSignInAgain } = await import("../view/login.ts");
    const handOver = async (): Promise<void> => {
      await begin();
      await ask();
    };
    askToSignInAgain(() => void signedInAgain(store, handOver), store.state.away);
  };
  window.addEventListener(api.SIGNED_OUT, () => void ask());
  // Who declined is not asked with every new attempt.
  window.addEventListener(api.STREAM_REFUSED, () => {
    if (!store.state.signedOut) void ask();
  });
  store.addEffect((state, before) => {
    const changed = state.open?.note.sections !== before.open?.note.sections;
    const left = state.away && !before.away;
    if (left || (state.signedOut && before.signedOut && changed)) void ask();
  });
}

/** Signing out: what can be saved in any tab is saved, what cannot is asked about, and nothing stays on this machine. */

import { CallFailed, logout } from "../api/client.ts";
import type { Unsaved } from "../keep/index.ts";
import { anyUnsaved } from "../state/state.ts";
import type { Store } from "../store.ts";
import type { OtherTabs } from "./other_tabs.ts";
import type { Autosave } from "./save.ts";

interface SigningOut {
  readonly store: Store;
  readonly autosave: Autosave;
  readonly others: OtherTabs;
  /** What is kept in this browser; null before that is known. */
  readonly kept: Unsaved | null;
  /** Whether the words that could not be saved may go. */
  readonly mayDrop: () => Promise<boolean>;
  /** Leaves without the browser's own question. */
  readonly reload: () => void;
}

/** Whether words of the person are left that could not be saved, in any tab. */
async function anyLeft({ store, autosave, others, kept }: SigningOut): Promise<boolean> {
  const all = (await kept?.recover()) ?? true;
  const [told] = await Promise.all([others.save(), autosave.all()]);
  // A tab that the browser put to sleep does not answer; its words lie here.
  return !all || told || anyUnsaved(store.state) || ((await kept?.elsewhere()) ?? false);
}

export async function signOut(leaving: SigningOut): Promise<void> {
  const { store, others, kept, mayDrop, reload } = leaving;
  const drop = await anyLeft(leaving);
  if (drop && !(await mayDrop())) return;
  try {
    await logout();
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    // Who is still signed in keeps what is kept for them.
    store.notice(`You are still signed in. ${error.message}`, "problem");
    return;
  }
  others.left(drop);
  try {
    await kept?.clear(drop);
  } finally {
    reload();
  }
}

/** Signing out: what can be saved is saved, what cannot is asked about, and nothing stays on this machine. */

import { CallFailed, logout } from "../api/client.ts";
import type { Unsaved } from "../keep/index.ts";
import { hasUnsaved } from "../state/note.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import type { Autosave } from "./save.ts";

export function anyUnsaved({ open, parked }: AppState): boolean {
  return parked.size > 0 || (open !== null && hasUnsaved(open.note));
}

interface SigningOut {
  readonly store: Store;
  readonly autosave: Autosave;
  /** What is kept in this browser; null before that is known. */
  readonly kept: Unsaved | null;
  /** Whether the words that could not be saved may go. */
  readonly mayDrop: () => Promise<boolean>;
  /** Leaves without the browser's own question. */
  readonly reload: () => void;
}

export async function signOut({ store, autosave, kept, mayDrop, reload }: SigningOut): Promise<void> {
  const all = (await kept?.recover()) ?? true;
  await autosave.all();
  if ((!all || anyUnsaved(store.state)) && !(await mayDrop())) return;
  try {
    await logout();
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    // Who is still signed in keeps what is kept for them.
    store.notice(`You are still signed in. ${error.message}`, "problem");
    return;
  }
  try {
    await kept?.clear();
  } finally {
    reload();
  }
}

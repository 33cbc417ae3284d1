/** The commands of a session, those that make sense now, and whether everything is saved. */

import type { Commands } from "../effects/commands.ts";
import { hasUnsaved, isLocked, type NoteState } from "../state/note.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import { openAddendumDialog, openUnlockDialog } from "./after_signing.ts";
import { openCopyDialog } from "./copy_dialog.ts";
import { button, h, setAttribute, setText, show } from "./dom.ts";
import { openFirstNoteDialog } from "./first_note_dialog.ts";
import { changing } from "./focus.ts";
import { icon } from "./icons.ts";
import { openRegenerateDialog } from "./regenerate_dialog.ts";
import { openSignDialog } from "./sign_dialog.ts";
import { openVersionsDialog } from "./versions_dialog.ts";

const CLOSE = "Close session and write the note";

type Connected = Pick<AppState, "online" | "signedOut">;

function waitsForChoice(note: NoteState): boolean {
  return note.sections.some(({ conflict, late }) => conflict !== null || late !== null);
}

/** What the page says about saving. */
export function savingWords(note: NoteState, { online, signedOut }: Connected): string {
  if (!hasUnsaved(note) && (!note.stored || isLocked(note))) return "";
  if (waitsForChoice(note)) return "Waiting for your choice";
  if (!hasUnsaved(note)) return "All changes saved";
  if (signedOut) return "Not saved: sign in again";
  if (!online) return "Offline: your words are kept here";
  if (note.saving.state === "waiting") return `Not saved yet: ${note.saving.reason}`;
  return "Saving…";
}

type Stage = "loading" | "live" | "empty" | "writing" | "open" | "signed";

/** Where the session stands, as far as commands go. */
export function stage(state: AppState): Stage {
  const { open } = state;
  if (!open?.note.loaded) return "loading";
  if (open.note.generation) return "writing";
  if (state.sessions.items.get(open.id)?.status === "live") return "live";
  if (open.note.stored) return open.note.stored.status === "signed" ? "signed" : "open";
  return "empty";
}

interface Entry {
  readonly element: HTMLButtonElement;
  readonly stages: readonly Stage[];
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly #saving = h("span", { class: "saving" });
  readonly #words = h("span");
  readonly #choice = h("button", { type: "button", class: "quote-link", hidden: true });
  readonly #entries: readonly Entry[];
  readonly #store: Store;
  readonly #leave: () => void;

  /**
   * ``toChoice`` leads to the place where a person has to choose between texts, ``leave`` takes the focus of a button
   * whose command does not make sense any more.
   */
  constructor(store: Store, commands: Commands, toChoice: () => void, leave: () => void) {
    this.#store = store;
    this.#leave = leave;
    this.#choice.addEventListener("click", () => {
      const { open } = this.#store.state;
      if (open && waitsForChoice(open.note)) toChoice();
      else commands.signInAgain();
    });
    this.#saving.append(this.#words, this.#choice);
    this.#entries = this.#commands(commands);
    this.element = h(
      "div",
      { class: "toolbar" },
      this.#saving,
      ...this.#entries.map(({ element }) => element),
    );
  }

  #commands(commands: Commands): readonly Entry[] {
    const withOpen = (act: (open: NonNullable<AppState["open"]>) => void) => (): void => {
      const { open } = this.#store.state;
      if (open) act(open);
    };
    const sign = async (): Promise<void> => {
      const note = await commands.readyToSign();
      if (note) openSignDialog(note, this.#store.state.me?.subject ?? null, commands);
    };
    const anew = withOpen((open) => openRegenerateDialog(open, this.#store.state, commands));
    const wishes = withOpen(({ id }) => {
      const action = stage(this.#store.state) === "live" ? CLOSE : "Write the note";
      openFirstNoteDialog(id, this.#store.state, action, commands);
    });
    const unlock = withOpen(({ id }) => openUnlockDialog(id, commands));
    const addendum = withOpen(({ id }) => openAddendumDialog(id, commands));
    const copy = withOpen(({ note }) => openCopyDialog(note, commands));
    const versions = withOpen(({ id }) => void openVersionsDialog(id));
    const entry = (element: HTMLButtonElement, ...stages: readonly Stage[]): Entry => ({ element, stages });
    return [
      entry(button("Versions", "quiet", versions, icon("history")), "open", "signed", "writing"),
      entry(
        button("Print", "quiet", () => window.print(), icon("print")),
        "open",
        "signed",
      ),
      entry(button("Copy", "quiet", copy, icon("copy")), "open", "signed"),
      entry(button("Write anew", "plain", anew, icon("refresh")), "open"),
      entry(button("Unlock", "plain", unlock, icon("unlock")), "signed"),
      entry(
        button("Sign", "primary", () => void sign(), icon("lock")),
        "open",
      ),
      entry(button("Add addendum", "primary", addendum, icon("plus")), "signed"),
      entry(button("Format and style", "plain", wishes, icon("list")), "live", "empty"),
      entry(
        button(CLOSE, "primary", () => void commands.close(), icon("check")),
        "live",
      ),
      entry(button("Write the note", "primary", commands.retry, icon("spark")), "empty"),
    ];
  }

  update(state: AppState, before: AppState): void {
    const { open } = state;
    if (!open) return;
    const connected = state.online === before.online && state.signedOut === before.signedOut;
    if (open === before.open && state.sessions === before.sessions && connected) return;
    const now = stage(state);
    changing(
      this.element,
      () => {
        for (const { element, stages } of this.#entries) show(element, stages.includes(now));
      },
      this.#leave,
    );
    const words = savingWords(open.note, state);
    // What can be done about it is done by pressing the words.
    const choosing = waitsForChoice(open.note) || (words !== "" && hasUnsaved(open.note) && state.signedOut);
    setText(this.#words, choosing ? "" : words);
    setText(this.#choice, choosing ? words : "");
    show(this.#choice, choosing);
    this.#saving.classList.toggle("is-empty", words === "");
    setAttribute(this.#saving, "data-unsaved", hasUnsaved(open.note) ? "true" : null);
  }
}

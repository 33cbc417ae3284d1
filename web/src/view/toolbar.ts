/** The commands of a session, those that make sense now, and whether everything is saved. */

import type { Commands } from "../effects/commands.ts";
import { hasUnsaved, type NoteState } from "../state/note.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import { button, h, setAttribute, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";

/** What the page says about saving. */
export function savingWords(note: NoteState, online: boolean): string {
  if (!note.stored && !hasUnsaved(note)) return "";
  if (note.sections.some((section) => section.conflict)) return "Waiting for your choice";
  if (!hasUnsaved(note)) return "All changes saved";
  if (!online) return "Offline: your words are kept here";
  if (note.saving.state === "waiting") return "Not saved yet, trying again";
  return "Saving…";
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly #saving = h("span", { class: "saving" });
  readonly #close: HTMLButtonElement;
  readonly #generate: HTMLButtonElement;

  constructor(_store: Store, commands: Commands) {
    this.#close = button(
      "Close session and write the note",
      "primary",
      () => void commands.close(),
      icon("check"),
    );
    this.#generate = button("Write the note", "primary", commands.retry, icon("spark"));
    this.element = h("div", { class: "toolbar" }, this.#saving, this.#close, this.#generate);
  }

  update(state: AppState, before: AppState): void {
    const { open } = state;
    if (!open) return;
    if (open === before.open && state.sessions === before.sessions && state.online === before.online) return;
    const live = state.sessions.items.get(open.id)?.status === "live";
    const { note } = open;
    show(this.#close, live && !note.generation);
    show(this.#generate, !live && note.loaded && !note.stored && !note.generation && open.turns.length > 0);
    setText(this.#saving, savingWords(note, state.online));
    setAttribute(this.#saving, "data-unsaved", hasUnsaved(note) ? "true" : null);
  }
}

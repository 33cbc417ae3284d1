/** How the note is coming along: the queue, the reading, the writing, and what went wrong. */

import type { AppState, OpenSession } from "../state/state.ts";
import { liveWords, type ProgressWords, progressWords } from "../text/progress.ts";
import { button, h, setAttribute, setText, show } from "./dom.ts";
import { changing } from "./focus.ts";
import { icon } from "./icons.ts";

export interface ProgressCommands {
  readonly cancel: () => void;
  readonly retry: () => void;
  /** Where the focus goes from a button that is gone when it was pressed. */
  readonly leave: () => void;
}

export class ProgressView {
  readonly element: HTMLElement;
  readonly #title = h("span", { class: "progress-title" });
  readonly #detail = h("span", { class: "progress-detail" });
  readonly #bar = h("div", {
    class: "progress-bar",
    role: "progressbar",
    "aria-label": "Progress of the note",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  });
  readonly #fill = h("div", { class: "progress-fill" });
  readonly #cancel: HTMLButtonElement;
  readonly #connection = h("p", { class: "banner banner-warn", hidden: true });
  readonly #failure = h("div", { class: "banner banner-problem", hidden: true });
  readonly #failureText = h("p");
  readonly #running: HTMLElement;
  readonly #leave: () => void;

  constructor(commands: ProgressCommands) {
    this.#leave = commands.leave;
    this.#cancel = button("Stop", "plain", commands.cancel, icon("stop"));
    this.#bar.append(this.#fill);
    this.#failure.append(
      icon("warning"),
      this.#failureText,
      button("Try again", "plain", commands.retry, icon("refresh")),
    );
    this.#running = h(
      "div",
      { class: "progress-running", hidden: true },
      h("div", { class: "progress-words" }, this.#title, this.#detail, this.#cancel),
      this.#bar,
    );
    this.element = h("div", { class: "progress" }, this.#connection, this.#failure, this.#running);
  }

  update(state: AppState, before: AppState): void {
    const { open } = state;
    if (!open) return;
    const same = open === before.open && state.online === before.online;
    if (same && state.sessions === before.sessions && state.health === before.health) return;
    changing(
      this.element,
      () => {
        this.#showProgress(this.#words(state, open));
        this.#showTrouble(open, state.online);
      },
      this.#leave,
    );
  }

  #words(state: AppState, open: OpenSession): ProgressWords | null {
    const item = state.sessions.items.get(open.id);
    const live = item?.status === "live" && !open.note.generation;
    show(this.#cancel, !live);
    this.#bar.classList.toggle("is-idle", live && !item.reading);
    return live ? liveWords(item, state.health) : progressWords(open.note);
  }

  #showProgress(words: ProgressWords | null): void {
    show(this.#running, words !== null);
    if (!words) return;
    setText(this.#title, words.title);
    setText(this.#detail, words.detail);
    this.#bar.classList.toggle("is-open-ended", words.done === null);
    const percent = words.done === null ? null : String(Math.round(words.done * 100));
    setAttribute(this.#bar, "aria-valuenow", percent);
    this.#fill.style.setProperty("inline-size", percent === null ? "" : `${percent}%`);
  }

  #showTrouble(open: OpenSession, online: boolean): void {
    const lost = !online || open.note.connection === "lost";
    show(this.#connection, lost);
    setText(
      this.#connection,
      "The connection is lost. Your words are kept here and sent as soon as it is back.",
    );
    show(this.#failure, open.note.failure !== null);
    setText(this.#failureText, open.note.failure?.detail ?? "");
  }
}

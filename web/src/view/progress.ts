/** How the note is coming along: the queue, the reading, the writing, and what went wrong. */

import type { NoteState } from "../state/note.ts";
import type { AppState, OpenSession } from "../state/state.ts";
import { about } from "../text/words.ts";
import { button, h, setAttribute, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";

export interface ProgressWords {
  readonly title: string;
  readonly detail: string;
  /** 0 to 1, or null where nobody knows. */
  readonly done: number | null;
}

function reading(done: number, total: number): ProgressWords {
  const share = total > 0 ? done / total : null;
  const detail = total > 0 ? `${Math.round((share ?? 0) * 100)}% of the session read` : "";
  return { title: "Reading the session", detail, done: share };
}

/** What is going on with the note, in words; null when nothing is. */
export function progressWords(note: NoteState): ProgressWords | null {
  const { generation } = note;
  if (!generation) return null;
  const again = generation.restarts > 0 ? "Started again. " : "";
  const speed = generation.tokensPerSecond ? `${generation.tokensPerSecond.toFixed(0)} tokens/s` : "";
  const left = generation.etaSeconds !== null ? `${about(generation.etaSeconds)} left` : "";
  const detail = again + [speed, left].filter(Boolean).join(" · ");
  switch (generation.phase) {
    case "queued": {
      const ahead = generation.queuePosition ?? 0;
      const place = ahead > 0 ? `${ahead} ahead of it` : "";
      return {
        title: "Waiting for the model",
        detail: [place, left].filter(Boolean).join(" · "),
        done: null,
      };
    }
    case "prefill":
      return reading(generation.prefillDone, generation.prefillTotal);
    case "generating":
      return { title: "Writing the note", detail, done: null };
    case "checking":
      return { title: "Checking each sentence against the session", detail: "", done: null };
  }
}

export interface ProgressCommands {
  readonly cancel: () => void;
  readonly retry: () => void;
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

  constructor(commands: ProgressCommands) {
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
    if (open === before.open && state.online === before.online) return;
    this.#showProgress(open);
    this.#showTrouble(open, state.online);
  }

  #showProgress(open: OpenSession): void {
    const words = progressWords(open.note);
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

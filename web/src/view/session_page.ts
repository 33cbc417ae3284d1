/** One session: its title and commands, the transcript on one side and the note on the other. */

import type { Commands } from "../effects/commands.ts";
import { hasUnsaved } from "../state/note.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import { day } from "../text/words.ts";
import { openAddendumDialog } from "./after_signing.ts";
import type { Page } from "./app.ts";
import { h, setAttribute, setText, show } from "./dom.ts";
import { settleFocus } from "./focus.ts";
import { NoteView } from "./note.ts";
import { ProgressView } from "./progress.ts";
import { statusPill } from "./session_list.ts";
import { Toolbar } from "./toolbar.ts";
import { openTrainingDialog } from "./training_dialog.ts";
import { TranscriptView } from "./transcript.ts";

export class SessionPage implements Page {
  readonly element: HTMLElement;
  readonly #store: Store;
  readonly #title = h("h1", { tabindex: "-1" });
  readonly #detail = h("p", { class: "session-subtitle" });
  readonly #pill = h("span");
  readonly #patient = h("a", { class: "patient-link" });
  readonly #missing = h("p", { class: "banner banner-problem", hidden: true }, "There is no such session.");
  readonly #toolbar: Toolbar;
  readonly #progress: ProgressView;
  readonly #transcript = new TranscriptView();
  readonly #note: NoteView;
  readonly #tabs: readonly HTMLButtonElement[];
  #tab = "note";
  #pillShown = "";

  constructor(store: Store, commands: Commands, nonce: string) {
    this.#store = store;
    const leave = (): void => settleFocus("#note", "#main h1");
    this.#progress = new ProgressView({ cancel: commands.cancel, retry: commands.retry, leave });
    const toChoice = (): void => {
      this.#showTab("note");
      this.#note.toChoice();
    };
    this.#toolbar = new Toolbar(store, commands, toChoice, leave);
    this.#note = new NoteView(
      nonce,
      {
        edited: (section, text, from) => this.#act({ type: "edited", section, text, from }),
        evidence: (evidence) =>
          this.#act(evidence ? { type: "evidenceShown", evidence } : { type: "evidenceHidden" }),
        takeSuggestion: (section, text) => this.#act({ type: "suggestionTaken", section, text }),
        declineSuggestion: (section, rest) => this.#act({ type: "suggestionDeclined", section, rest }),
        offerSuggestion: (section, text) => {
          this.#act({ type: "suggestionOffered", section, text });
          this.#store.notice("The model's words were taken out again. Yours are back.");
        },
        resolveConflict: (section, text) => this.#act({ type: "conflictResolved", section, text }),
        lateWords: (section, words) => this.#lateWords(commands, section, words),
        copy: commands.copySection,
        copyWords: (words) => void commands.copy(words, "Your words"),
        goToTurn: (turn) => this.showTurn(turn),
      },
      { above: this.#progress.element, foot: this.#trainingButton(commands) },
    );
    this.#tabs = ["transcript", "note"].map((name) => this.#tabButton(name));
    this.element = h(
      "div",
      { class: "session-page", "data-tab": this.#tab },
      h(
        "div",
        { class: "session-head" },
        h(
          "div",
          { class: "session-names" },
          h("div", { class: "session-title" }, this.#title, this.#pill),
          this.#detail,
        ),
        this.#toolbar.element,
      ),
      this.#missing,
      h("div", { class: "pane-tabs", role: "group", "aria-label": "Show" }, ...this.#tabs),
      h("div", { class: "panes" }, this.#transcript.element, this.#note.element),
    );
    this.#detail.append(this.#patient);
    this.#showTab(this.#tab);
  }

  #act(action: Parameters<Store["inSession"]>[1]): void {
    // For a frame after another session was opened it is still this one's editors that a key reaches.
    const { sessionId } = this.#note;
    if (sessionId !== null) this.#store.inSession(sessionId, action);
  }

  /** Words go into an addendum, and are dropped here once they are in it; without words they are dropped. */
  #lateWords(commands: Commands, section: string, words: string | null): void {
    const { sessionId } = this.#note;
    if (sessionId === null) return;
    const drop = (): void => this.#store.inSession(sessionId, { type: "lateWordsDropped", section });
    if (words === null) drop();
    else openAddendumDialog(sessionId, commands, words, drop);
  }

  /** Asked once a session, if ever: it stands at the end of the note and leaves the toolbar to what is done daily. */
  #trainingButton(commands: Commands): HTMLElement {
    const element = h("button", { type: "button", class: "quote-link" }, "Training on this session");
    element.addEventListener("click", () => {
      const { open } = this.#store.state;
      if (open) void openTrainingDialog(open.id, commands);
    });
    return element;
  }

  #tabButton(name: string): HTMLButtonElement {
    const label = name === "note" ? "Note" : "Transcript";
    const tab = h("button", { type: "button", class: "pane-tab", "data-tab": name }, label);
    tab.addEventListener("click", () => this.#showTab(name));
    return tab;
  }

  #showTab(name: string): void {
    this.#tab = name;
    setAttribute(this.element, "data-tab", name);
    for (const tab of this.#tabs) setAttribute(tab, "aria-pressed", String(tab.dataset.tab === name));
  }

  showTurn(turn: number): void {
    this.#showTab("transcript");
    this.#transcript.focusTurn(turn);
  }

  readonly focusTranscript = (): void => {
    this.#showTab("transcript");
    this.#transcript.focus();
  };

  readonly focusSection = (index: number): void => {
    this.#showTab("note");
    this.#note.focusSection(index);
  };

  readonly nextUnsupported = (): void => {
    this.#showTab("note");
    this.#note.nextUnsupported();
  };

  readonly nextSuggestion = (): void => {
    this.#showTab("note");
    this.#note.nextSuggestion();
  };

  readonly nextGap = (): void => {
    this.#showTab("transcript");
    this.#transcript.nextGap();
  };

  update(state: AppState, before: AppState): void {
    const { open } = state;
    if (!open) return;
    this.#showTitle(state, open.id);
    show(this.#missing, open.missing);
    // Nobody is to write into what cannot be stored; words that were typed before stay to be copied.
    this.element.classList.toggle("is-missing", open.missing && !hasUnsaved(open.note));
    this.#toolbar.update(state, before);
    this.#progress.update(state, before);
    this.#transcript.update(state, before);
    this.#note.update(state, before);
  }

  #showTitle(state: AppState, id: number): void {
    const item = state.sessions.items.get(id);
    setText(this.#title, item ? `Session ${item.number}` : `Session #${id}`);
    if (!item) return;
    setText(this.#patient, `Patient ${item.patientId}`);
    this.#patient.href = `#/patients/${item.patientId}`;
    const date = ` · ${day(item.date)}`;
    if (this.#detail.lastChild === this.#patient) this.#detail.append(date);
    else if (this.#detail.lastChild?.textContent !== date) this.#detail.lastChild?.replaceWith(date);
    if (this.#pillShown === item.status) return;
    this.#pillShown = item.status;
    this.#pill.replaceChildren(statusPill(item.status));
  }
}

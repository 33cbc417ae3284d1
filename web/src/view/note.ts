/** The note: its state, its paragraph, its sections, and where it came from. */

import type { NoteState } from "../state/note.ts";
import type { AppState, OpenSession } from "../state/state.ts";
import { stateWords } from "../text/origin.ts";
import { count } from "../text/words.ts";
import { arrange, h, setAttribute, setText, show } from "./dom.ts";
import { LastTimeView } from "./last_time.ts";
import { Origin } from "./origin.ts";
import { nextStop, type Stop } from "./review.ts";
import { type SectionCommands, type SectionContext, SectionView } from "./section.ts";
import { type TurnLookup, turnLookup } from "./turns.ts";

const WHILE_LIVE =
  "The note is written when the session is closed. What you write here before that stays yours.";

/** Nothing of the note is here yet, neither the server's nor a person's own words. */
function isUnknown(note: NoteState): boolean {
  return !note.loaded && note.generation === null && note.sections.every(({ text }) => text === "");
}

/** Why there is no note to be read; null where there is one, or one is being written. */
function absence({ note, trouble }: OpenSession, live: boolean): string | null {
  if (note.generation) return null;
  if (!note.loaded) return trouble ?? "Loading the note…";
  if (live) return WHILE_LIVE;
  return note.stored ? null : "There is no note yet. It can be written by the model, or by you.";
}

/** What stands above the note, and what at its end. */
interface Around {
  readonly above: HTMLElement;
  readonly foot: HTMLElement;
}

export class NoteView {
  readonly element: HTMLElement;
  readonly #state = h("span", { class: "pane-detail" });
  readonly #unsupported = h("button", {
    type: "button",
    class: "next-stop",
    title: "To the next one (Alt + .)",
    hidden: true,
  });
  readonly #suggestions = h("button", {
    type: "button",
    class: "next-stop next-suggestion",
    title: "To the next one (Alt + ,)",
    hidden: true,
  });
  readonly #sections = h("div", { class: "note-sections" });
  readonly #origin: Origin;
  readonly #lastTime = new LastTimeView();
  readonly #missing = h("p", { class: "quiet-text note-missing", hidden: true });
  readonly #paper: HTMLElement;
  readonly #nonce: string;
  readonly #commands: SectionCommands;
  #views: readonly SectionView[] = [];
  #turns: TurnLookup = () => undefined;
  #sessionId: number | null = null;
  #lastStop: Stop | null = null;
  #lastSuggestion: Stop | null = null;

  constructor(nonce: string, commands: SectionCommands, { above, foot }: Around) {
    this.#nonce = nonce;
    this.#commands = commands;
    this.#origin = new Origin(commands.goToTurn, foot);
    this.#unsupported.addEventListener("click", () => this.nextUnsupported());
    this.#suggestions.addEventListener("click", () => this.nextSuggestion());
    this.#paper = h(
      "article",
      { class: "paper" },
      ...this.#origin.above,
      this.#missing,
      this.#lastTime.element,
      this.#sections,
      ...this.#origin.below,
    );
    this.element = h(
      "section",
      { class: "pane note", id: "note", "aria-labelledby": "note-title", tabindex: "-1" },
      h(
        "div",
        { class: "pane-head" },
        h("h2", { id: "note-title" }, "Note"),
        this.#state,
        this.#suggestions,
        this.#unsupported,
      ),
      h("div", { class: "pane-scroll" }, above, this.#paper),
    );
  }

  update(state: AppState, before: AppState): void {
    const { open } = state;
    if (!open || open === before.open) return;
    if (open.id !== this.#sessionId) this.#switched(open.id);
    const turnsChanged = open.turns !== before.open?.turns;
    const known = before.open;
    const same =
      open.note === known?.note && open.evidence === known.evidence && open.trouble === known.trouble;
    if (same && open.lastTime === before.open?.lastTime && !turnsChanged) return;
    if (turnsChanged) this.#turns = turnLookup(open.turns);
    this.#showSections(open);
    this.#showStops(open.note);
    this.#origin.update(open.note, state.health?.demonstration === true);
    setText(this.#state, stateWords(open.note));
    const live = state.sessions.items.get(open.id)?.status === "live";
    this.#lastTime.update(open.lastTime, open.note.loaded ? live || !open.note.stored : null);
    const absent = absence(open, live);
    show(this.#missing, absent !== null);
    setText(this.#missing, absent ?? "");
    // What is not loaded must not look like places that nobody wrote in.
    show(this.#sections, !isUnknown(open.note));
  }

  /** The session that is shown; null before the first. */
  get sessionId(): number | null {
    return this.#sessionId;
  }

  #switched(sessionId: number): void {
    for (const view of this.#views) view.destroy();
    this.#views = [];
    this.#lastStop = null;
    this.#lastSuggestion = null;
    this.#sessionId = sessionId;
    this.#sections.replaceChildren();
  }

  #showSections(open: OpenSession): void {
    const { note } = open;
    const context: SectionContext = {
      locked: note.stored?.status === "signed",
      loading: !note.loaded && note.generation === null,
      running: note.generation !== null,
      signedBy: note.stored?.signedBy ?? null,
      evidence: open.evidence,
      turns: this.#turns,
    };
    const known = new Map(this.#views.map((view) => [view.id, view]));
    this.#views = note.sections.map((section) => {
      const view = known.get(section.id) ?? new SectionView(section, this.#nonce, this.#commands);
      known.delete(section.id);
      view.update(section, context);
      return view;
    });
    for (const view of known.values()) view.destroy();
    arrange(
      this.#sections,
      this.#views.map((view) => view.element),
    );
    setAttribute(this.#paper, "data-locked", context.locked ? "true" : null);
  }

  get #stops(): readonly Stop[] {
    return this.#views.flatMap((view) => view.unsupported.map((place) => ({ section: view.id, place })));
  }

  #showStops(note: NoteState): void {
    const stops = note.generation ? 0 : this.#stops.length;
    show(this.#unsupported, stops > 0);
    setText(this.#unsupported, `${stops} without a source`);
    const suggestions = this.#suggested.length;
    show(this.#suggestions, suggestions > 0);
    setText(this.#suggestions, count(suggestions, "suggestion", "suggestions"));
  }

  get #suggested(): readonly Stop[] {
    return this.#views.filter(({ suggested }) => suggested).map(({ id }) => ({ section: id, place: 0 }));
  }

  /** The focus goes to the next text of the model's that waits beside a person's. */
  nextSuggestion(): void {
    const order = this.#views.map(({ id }) => id);
    const next = nextStop(this.#suggested, order, this.#lastSuggestion);
    this.#lastSuggestion = next;
    if (next) this.#views.find(({ id }) => id === next.section)?.toSuggestion();
  }

  /** The caret goes to the next sentence that nothing in the session supports. */
  nextUnsupported(): void {
    const order = this.#views.map(({ id }) => id);
    const next = nextStop(this.#stops, order, this.#lastStop);
    this.#lastStop = next;
    if (next) this.#views.find(({ id }) => id === next.section)?.goTo(next.place);
  }

  /** The first place where a person has to choose between texts takes the focus. */
  toChoice(): void {
    this.#views.some((view) => view.toChoice());
  }

  focusSection(index: number): void {
    this.#views[index]?.focus();
  }
}

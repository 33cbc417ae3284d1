/** The note: its state, its paragraph, its sections, and where it came from. */

import type { NoteState, StoredNote } from "../state/note.ts";
import type { AppState, OpenSession } from "../state/state.ts";
import { count, dayAndTime, speakerName } from "../text/words.ts";
import { arrange, h, setAttribute, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";
import { nextStop, type Stop } from "./review.ts";
import { type SectionCommands, type SectionContext, SectionView } from "./section.ts";
import { type TurnLookup, turnLookup } from "./turns.ts";

export function modelWords(stored: StoredNote): string {
  if (!stored.model) return "";
  const adapter = stored.model.adapter ? ` with adapter ${stored.model.adapter}` : "";
  const time = stored.inferenceTime === null ? "" : ` in ${stored.inferenceTime.toFixed(1)} s`;
  return `Drafted by ${stored.model.name}${adapter}${time}`;
}

export function unsupportedCount(note: NoteState): number {
  const sentences = note.sections.flatMap((section) => section.sentences);
  return sentences.filter((sentence) => !sentence.supported).length;
}

function turnLink(turn: number, goToTurn: (turn: number) => void): HTMLElement {
  const link = h("button", { type: "button", class: "quote-link" }, `turn ${turn + 1}`);
  link.addEventListener("click", () => goToTurn(turn));
  return link;
}

function riskWords(stored: StoredNote, goToTurn: (turn: number) => void): readonly HTMLElement[] {
  return stored.risk.map(({ term, category, negated, speaker, turn }) => {
    const denied = negated ? " (negated)" : "";
    return h(
      "li",
      {},
      h("span", { class: "risk-word" }, term),
      `${denied} · ${category} · ${speakerName(speaker).toLowerCase()}${turn === null ? "" : ", "}`,
      turn !== null && turnLink(turn, goToTurn),
    );
  });
}

function signature(stored: StoredNote | null): string {
  if (stored?.status !== "signed") return "";
  const when = stored.signedAt ? `, ${dayAndTime(stored.signedAt)}` : "";
  return `Signed by ${stored.signedBy ?? "the therapist"}${when}`;
}

/** A session that is longer than the context: the model did not read all of it word for word. */
function reducedWords({ reduced }: StoredNote): string {
  const first = reduced[0];
  const last = reduced.at(-1);
  if (!first || !last) return "";
  return ` Turns ${first.first + 1} to ${last.last + 1} were read as facts, since the session is longer than the model reads at once.`;
}

const WHILE_LIVE =
  "The note is written when the session is closed. What you write here before that stays yours.";

export class NoteView {
  readonly element: HTMLElement;
  readonly #state = h("span", { class: "pane-detail" });
  readonly #unsupported = h("button", {
    type: "button",
    class: "next-stop",
    title: "To the next one (Alt + .)",
    hidden: true,
  });
  readonly #demonstration = h(
    "p",
    { class: "banner banner-demo", hidden: true },
    icon("warning"),
    h(
      "span",
      {},
      h("strong", {}, "Demonstration model. "),
      "The text comes from the small model that ships with the product. It shows how the service works; it is not fit for clinical use.",
    ),
  );
  readonly #fallback = h(
    "p",
    { class: "banner banner-warn", hidden: true },
    icon("warning"),
    h("span", {}, "The model gave no usable note. These sentences were picked from the transcript by rule."),
  );
  readonly #sections = h("div", { class: "note-sections" });
  readonly #risk = h("ul", { class: "risk-list" });
  readonly #riskBox: HTMLElement;
  readonly #meta = h("p", { class: "note-meta" });
  readonly #signature = h("p", { class: "note-signature" });
  readonly #trust = h("p", { class: "note-trust" });
  readonly #addenda = h("div", { class: "addenda" });
  readonly #missing = h("p", { class: "quiet-text note-missing", hidden: true });
  readonly #paper: HTMLElement;
  readonly #nonce: string;
  readonly #commands: SectionCommands;
  #views: readonly SectionView[] = [];
  #turns: TurnLookup = () => undefined;
  #origin: {
    readonly stored: StoredNote | null;
    readonly writing: boolean;
    readonly demonstrated: boolean;
  } | null = null;
  #sessionId: number | null = null;
  #lastStop: Stop | null = null;

  constructor(nonce: string, commands: SectionCommands, ...above: readonly HTMLElement[]) {
    this.#nonce = nonce;
    this.#commands = commands;
    this.#riskBox = h(
      "section",
      { class: "risk-box", "aria-label": "Risk words in the session", hidden: true },
      h("h3", { class: "section-heading" }, icon("warning"), "Risk words in the session"),
      this.#risk,
    );
    this.#unsupported.addEventListener("click", () => this.nextUnsupported());
    this.#paper = h(
      "article",
      { class: "paper" },
      this.#demonstration,
      this.#fallback,
      this.#missing,
      this.#sections,
      this.#riskBox,
      this.#addenda,
      h("footer", { class: "note-foot" }, this.#signature, this.#trust, this.#meta),
    );
    this.element = h(
      "section",
      { class: "pane note", id: "note", "aria-labelledby": "note-title", tabindex: "-1" },
      h("div", { class: "pane-head" }, h("h2", { id: "note-title" }, "Note"), this.#state, this.#unsupported),
      h("div", { class: "pane-scroll" }, ...above, this.#paper),
    );
  }

  update(state: AppState, before: AppState): void {
    const { open } = state;
    if (!open || open === before.open) return;
    if (open.id !== this.#sessionId) this.#switched(open.id);
    const turnsChanged = open.turns !== before.open?.turns;
    if (open.note === before.open?.note && open.evidence === before.open.evidence && !turnsChanged) return;
    if (turnsChanged) this.#turns = turnLookup(open.turns);
    this.#showSections(open);
    this.#showStops(open.note);
    this.#showOrigin(open.note, state.health?.demonstration === true);
    const live = state.sessions.items.get(open.id)?.status === "live";
    show(this.#missing, open.note.loaded && !open.note.generation && (live || !open.note.stored));
    setText(
      this.#missing,
      live ? WHILE_LIVE : "There is no note yet. It can be written by the model, or by you.",
    );
  }

  #switched(sessionId: number): void {
    for (const view of this.#views) view.destroy();
    this.#views = [];
    this.#origin = null;
    this.#lastStop = null;
    this.#sessionId = sessionId;
    this.#sections.replaceChildren();
  }

  #showSections(open: OpenSession): void {
    const { note } = open;
    const context: SectionContext = {
      locked: note.stored?.status === "signed",
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

  #showOrigin(note: NoteState, demonstrated: boolean): void {
    const { stored } = note;
    const known = this.#origin;
    const writing = note.generation !== null;
    if (known && known.stored === stored && known.writing === writing && known.demonstrated === demonstrated)
      return;
    this.#origin = { stored, writing, demonstrated };
    show(this.#demonstration, note.generation ? demonstrated : stored?.demonstration === true);
    show(this.#fallback, stored?.fallback === true);
    this.#risk.replaceChildren(...(stored ? riskWords(stored, this.#commands.goToTurn) : []));
    show(this.#riskBox, (stored?.risk.length ?? 0) > 0);
    setText(this.#signature, signature(stored));
    setText(this.#meta, stored ? modelWords(stored) : "");
    setText(this.#trust, stored ? this.#trustWords(note, stored) : "");
    setText(this.#state, this.#stateWords(note));
    this.#addenda.replaceChildren(
      ...(stored?.addenda ?? []).map((addendum) =>
        h(
          "section",
          { class: "addendum" },
          h("h3", {}, `Addendum · ${addendum.author || "therapist"} · ${dayAndTime(addendum.createdAt)}`),
          h("p", {}, addendum.text),
        ),
      ),
    );
  }

  #trustWords(note: NoteState, stored: StoredNote): string {
    const unsupported = unsupportedCount(note);
    const sentences = unsupported
      ? `${count(unsupported, "sentence has", "sentences have")} no source in the session.`
      : "Every sentence has its source in the session.";
    if (stored.coveredOf === null) return sentences;
    const covered = stored.coveredOf - stored.uncovered.length;
    const reflected = `${covered} of ${count(stored.coveredOf, "turn is", "turns are")} reflected in the note.`;
    return `${sentences} ${reflected}${reducedWords(stored)}`;
  }

  #stateWords(note: NoteState): string {
    if (note.generation) return "Being written";
    if (!note.stored) return "";
    const status = { draft: "AI draft, not reviewed", edited: "Edited, not signed", signed: "Signed" }[
      note.stored.status
    ];
    return `${status} · version ${note.stored.version}`;
  }

  get #stops(): readonly Stop[] {
    return this.#views.flatMap((view) => view.unsupported.map((place) => ({ section: view.id, place })));
  }

  #showStops(note: NoteState): void {
    const stops = note.generation ? 0 : this.#stops.length;
    show(this.#unsupported, stops > 0);
    setText(this.#unsupported, `${stops} without a source`);
  }

  /** The caret goes to the next sentence that nothing in the session supports. */
  nextUnsupported(): void {
    const order = this.#views.map(({ id }) => id);
    const next = nextStop(this.#stops, order, this.#lastStop);
    this.#lastStop = next;
    if (next) this.#views.find(({ id }) => id === next.section)?.goTo(next.place);
  }

  focusSection(index: number): void {
    this.#views[index]?.focus();
  }
}

/** The transcript: one entry a turn, growing while the session is live; evidence and gaps are marked on it. */

import type { Turn } from "../api/types.ts";
import type { AppState, Evidence, OpenSession } from "../state/state.ts";
import { riskSpans } from "../text/markers.ts";
import { clock, count, speakerName } from "../text/words.ts";
import { arrange, h, setText, show } from "./dom.ts";

const NEAR_END_PX = 120;
const NO_TURNS: readonly number[] = [];

interface Marks {
  readonly turns: readonly Turn[];
  readonly evidence: Evidence | null;
  readonly uncovered: readonly number[];
}

function words(text: string): readonly (Node | string)[] {
  const pieces: (Node | string)[] = [];
  let from = 0;
  for (const span of riskSpans(text)) {
    pieces.push(
      text.slice(from, span.from),
      h("span", { class: "risk-word" }, text.slice(span.from, span.to)),
    );
    from = span.to;
  }
  pieces.push(text.slice(from));
  return pieces;
}

function entry(turn: Turn): HTMLElement {
  const kind = turn.speaker === "therapist" || turn.speaker === "client" ? turn.speaker : "other";
  const time = turn.start === null ? `${turn.index + 1}` : clock(turn.start);
  return h(
    "li",
    { class: `turn turn-${kind}`, id: `turn-${turn.index}`, tabindex: "-1" },
    h(
      "div",
      { class: "turn-head" },
      h("span", { class: "turn-speaker" }, speakerName(turn.speaker)),
      h("span", { class: "turn-time" }, time),
      h("span", { class: "turn-flag turn-flag-source" }, "source"),
      h("span", { class: "turn-flag turn-flag-closest" }, "closest, no source"),
      h("span", { class: "turn-flag turn-flag-gap" }, "not in the note"),
    ),
    h("p", { class: "turn-text" }, ...words(turn.text)),
  );
}

export class TranscriptView {
  readonly element: HTMLElement;
  readonly #count = h("span", { class: "pane-detail" });
  readonly #gaps = h("button", {
    type: "button",
    class: "next-stop",
    title: "To the next one (Alt + G)",
    hidden: true,
  });
  readonly #list = h("ol", { class: "turns" });
  readonly #empty = h("p", { class: "quiet-text" });
  readonly #scroller: HTMLElement;
  #following = false;
  #lastGap = -1;
  #marks: Marks | null = null;
  #entries: { readonly turn: Turn; readonly element: HTMLElement }[] = [];

  constructor() {
    this.#scroller = h(
      "div",
      { class: "pane-scroll", tabindex: "0", role: "region", "aria-label": "Transcript text" },
      this.#empty,
      this.#list,
    );
    this.element = h(
      "section",
      { class: "pane transcript", id: "transcript", "aria-labelledby": "transcript-title" },
      h(
        "div",
        { class: "pane-head" },
        h("h2", { id: "transcript-title" }, "Transcript"),
        this.#count,
        this.#gaps,
      ),
      this.#scroller,
    );
    this.#gaps.addEventListener("click", () => this.nextGap());
  }

  update(state: AppState, before: AppState): void {
    const { open } = state;
    if (!open || (open === before.open && state.sessions === before.sessions)) return;
    if (open.id !== before.open?.id) {
      this.#entries = [];
      this.#lastGap = -1;
      this.#following = false;
      this.#scroller.scrollTop = 0;
    }
    const live = state.sessions.items.get(open.id)?.status === "live";
    if (open.turns !== before.open?.turns || open.id !== before.open?.id) this.#showTurns(open.turns);
    if (live && !this.#following) this.#follow();
    this.#mark(open, live);
    if (open.evidence !== before.open?.evidence) this.#reveal(open.evidence?.turns ?? []);
    setText(this.#count, `${count(open.turns.length, "turn", "turns")}${live ? " · listening" : ""}`);
    show(this.#empty, open.turns.length === 0);
    setText(this.#empty, this.#emptyText(open, live));
  }

  /** A live transcript is shown from its end, and followed for as long as its reader does not scroll away. */
  #follow(): void {
    if (this.#entries.length === 0) return;
    this.#following = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #emptyText({ turnsLoaded, trouble }: OpenSession, live: boolean): string {
    if (!turnsLoaded) return trouble ?? "Loading the transcript…";
    return live ? "Listening. The first words appear here." : "This session has no transcript.";
  }

  #showTurns(turns: readonly Turn[]): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const follow = this.#following && scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    this.#entries = turns.map((turn, index) => {
      const known = this.#entries[index];
      const same = known && known.turn.index === turn.index && known.turn.text === turn.text;
      return same ? known : { turn, element: entry(turn) };
    });
    arrange(
      this.#list,
      this.#entries.map(({ element }) => element),
    );
    if (follow) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /**
   * A turn is looked at only when what marks it changed: a note that is written changes many times a second. What a
   * note lacks is told of one that was written, not while it is, nor of first words in a session that goes on.
   */
  #mark(open: OpenSession, live: boolean): void {
    const unfinished = live || open.note.generation !== null;
    const marks = {
      turns: open.turns,
      evidence: open.evidence,
      uncovered: unfinished ? NO_TURNS : (open.note.stored?.uncovered ?? NO_TURNS),
    };
    const known = this.#marks;
    this.#marks = marks;
    if (
      known?.turns === marks.turns &&
      known.evidence === marks.evidence &&
      known.uncovered === marks.uncovered
    )
      return;
    const sources = new Set(marks.evidence?.turns ?? NO_TURNS);
    const gaps = new Set(marks.uncovered);
    show(this.#gaps, gaps.size > 0);
    setText(this.#gaps, `${gaps.size} not in the note`);
    for (const { turn, element } of this.#entries) {
      element.classList.toggle("is-source", sources.has(turn.index));
      element.classList.toggle("is-closest", sources.has(turn.index) && marks.evidence?.supported === false);
      element.classList.toggle("is-gap", gaps.has(turn.index));
    }
  }

  /** Brings the first source into view without taking the focus. */
  #reveal(turns: readonly number[]): void {
    const first = this.#entries.find(({ turn }) => turns.includes(turn.index));
    if (!first) return;
    const box = this.#scroller.getBoundingClientRect();
    const place = first.element.getBoundingClientRect();
    if (place.top >= box.top && place.bottom <= box.bottom) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = this.#scroller.scrollTop + place.top - box.top - box.height / 3;
    this.#scroller.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
  }

  /** The next turn that left no trace in the note takes the focus. */
  nextGap(): void {
    const gaps = this.#marks?.uncovered ?? NO_TURNS;
    this.#lastGap = gaps.find((turn) => turn > this.#lastGap) ?? gaps[0] ?? -1;
    this.focusTurn(this.#lastGap);
  }

  focus(): void {
    this.#scroller.focus();
  }

  focusTurn(index: number): void {
    const found = this.#entries.find(({ turn }) => turn.index === index);
    found?.element.focus({ preventScroll: false });
  }
}

/** The list of sessions: what happens now, then the newest; search, and arrow keys between entries. */

import type { SessionItem, SessionStatus } from "../api/types.ts";
import { foundWords, statusWord, visibleSessions } from "../state/sessions.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import { count, day } from "../text/words.ts";
import { arrange, button, h, setAttribute, setText, show } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";

const STATUS_ICONS: Readonly<Record<SessionStatus, IconName>> = {
  live: "dot",
  writing: "spark",
  closed: "note",
  draft: "spark",
  edited: "pencil",
  signed: "lock",
  failed: "warning",
};

const FILTERS: readonly (SessionStatus | "all")[] = [
  "all",
  "live",
  "writing",
  "draft",
  "edited",
  "signed",
  "closed",
  "failed",
];

export function statusPill(status: SessionStatus): HTMLElement {
  return h(
    "span",
    { class: `pill pill-${status}` },
    icon(STATUS_ICONS[status]),
    h("span", {}, statusWord(status)),
  );
}

class Entry {
  readonly element = h("li");
  readonly link = h("a", { class: "session-link" });
  #shown: SessionItem | null = null;
  #unsaved = false;

  constructor() {
    this.element.append(this.link);
  }

  /** ``unsaved``: a person's words for it wait in this browser. */
  update(item: SessionItem, current: boolean, unsaved: boolean): void {
    setAttribute(this.link, "aria-current", current ? "page" : null);
    if (item === this.#shown && unsaved === this.#unsaved) return;
    this.#shown = item;
    this.#unsaved = unsaved;
    this.link.href = `#/sessions/${item.id}`;
    this.link.replaceChildren(
      h(
        "span",
        { class: "session-line" },
        h("span", { class: "session-name" }, `Patient ${item.patientId}`),
        statusPill(item.status),
      ),
      h(
        "span",
        { class: "session-line session-detail" },
        h("span", {}, `Session ${item.number} · ${day(item.date)}`),
        unsaved
          ? h("span", { class: "section-unsaved" }, "Unsaved words")
          : h("span", {}, count(item.turns, "turn", "turns")),
      ),
    );
  }
}

export class SessionList {
  readonly element: HTMLElement;
  readonly search = h("input", {
    type: "search",
    id: "session-search",
    placeholder: "Search",
    "aria-label": "Search sessions",
    autocomplete: "off",
  });
  readonly #filter = h("select", { "aria-label": "Show sessions with status" });
  readonly #list = h("ul", { class: "session-entries" });
  readonly #empty = h("p", { class: "quiet-text", hidden: true });
  readonly #older: HTMLButtonElement;
  readonly #connection = h("p", { class: "list-connection", hidden: true });
  readonly #entries = new Map<number, Entry>();

  constructor(store: Store, loadOlder: (cursor: string) => void) {
    this.#older = button("Older sessions", "plain", () => {
      const { cursor } = store.state.sessions;
      if (cursor) loadOlder(cursor);
    });
    for (const status of FILTERS) {
      const label = status === "all" ? "All" : statusWord(status);
      this.#filter.append(h("option", { value: status }, label));
    }
    const searched = (): void => {
      const status = FILTERS.find((candidate) => candidate === this.#filter.value) ?? "all";
      store.dispatch({ type: "searched", query: this.search.value, status });
    };
    this.search.addEventListener("input", searched);
    this.#filter.addEventListener("change", searched);
    this.element = h(
      "nav",
      { class: "sessions", "aria-label": "Sessions", tabindex: "-1" },
      h(
        "div",
        { class: "session-tools" },
        h("div", { class: "search-field" }, icon("search"), this.search),
        this.#filter,
      ),
      this.#connection,
      this.#list,
      this.#empty,
      this.#older,
    );
    this.element.addEventListener("keydown", (event) => this.#moved(event));
  }

  #moved(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (event.target === this.#filter) return;
    const links = [...this.#list.querySelectorAll<HTMLElement>("a")];
    const at = links.findIndex((link) => link.matches(":focus"));
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    const target = next < 0 ? this.search : links[Math.min(next, links.length - 1)];
    if (!target) return;
    event.preventDefault();
    target.focus();
  }

  update(state: AppState, before: AppState): void {
    const same = state.sessions === before.sessions && state.parked === before.parked;
    if (same && state.route === before.route) return;
    const visible = visibleSessions(state.sessions);
    const current = state.route.view === "session" ? state.route.sessionId : null;
    const elements = visible.map((item) => {
      const entry = this.#entries.get(item.id) ?? new Entry();
      this.#entries.set(item.id, entry);
      entry.update(item, item.id === current, state.parked.has(item.id));
      return entry.element;
    });
    arrange(this.#list, elements);
    show(this.#older, state.sessions.cursor !== null);
    const words = foundWords(state.sessions, visible.length);
    show(this.#empty, words !== "");
    setText(this.#empty, words);
    show(this.#connection, state.sessions.loaded && !state.sessions.connected);
    setText(this.#connection, "Not connected. Reconnecting…");
  }
}

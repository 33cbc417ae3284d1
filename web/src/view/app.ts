/** The frame of the page: the bar, the list of sessions, and the place of the open view. */

import { loadSessions } from "../effects/follow.ts";
import type { AppState } from "../state/state.ts";
import type { Store } from "../store.ts";
import { button, h, setAttribute, show } from "./dom.ts";
import { settleFocus } from "./focus.ts";
import { HomePage } from "./home.ts";
import { icon } from "./icons.ts";
import { SessionList } from "./session_list.ts";
import { themeButton } from "./theme.ts";

/** Where the styles show either the list or a view; the same width as there. */
const NARROW = "(max-width: 860px)";

export interface Page {
  readonly element: HTMLElement;
  readonly update: (state: AppState, before: AppState) => void;
  readonly focusSection?: (index: number) => void;
  readonly focusTranscript?: () => void;
  readonly nextUnsupported?: () => void;
  readonly nextSuggestion?: () => void;
  readonly nextGap?: () => void;
}

export interface AppCommands {
  readonly help: () => void;
  readonly signOut: () => void;
}

function pageName({ route, open, sessions, away }: AppState): string {
  if (away) return "Casenote";
  if (route.view === "patient") return `Patient ${route.patientId} · Casenote`;
  const item = open ? sessions.items.get(open.id) : undefined;
  return item ? `Session ${item.number}, patient ${item.patientId} · Casenote` : "Casenote";
}

/** The title of the tab says what a hidden tab is doing. */
function setTitle(state: AppState): void {
  const name = pageName(state);
  const title = state.open?.note.generation && !state.away ? `Writing… ${name}` : name;
  if (document.title !== title) document.title = title;
}

export class AppView {
  readonly list: SessionList;
  readonly status = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  readonly #root: HTMLElement;
  readonly #main = h("main", { class: "main", id: "main", tabindex: "-1" });
  readonly #home = new HomePage();
  readonly #toast = h("p", { class: "toast", hidden: true, "aria-hidden": "true" });
  readonly #back: HTMLAnchorElement;
  readonly #signOut: HTMLButtonElement;
  #page: Page | null = null;
  #toastTimer: number | undefined;
  /** The search was asked for on a page without it. */
  #searching = false;

  constructor(root: HTMLElement, store: Store, commands: AppCommands) {
    this.#root = root;
    this.#signOut = button("Sign out", "quiet", commands.signOut, icon("back"));
    this.list = new SessionList(store, (cursor) => void loadSessions(store, cursor));
    this.#back = h(
      "a",
      { class: "button button-quiet back", href: "#/" },
      icon("list"),
      h("span", {}, "Sessions"),
    );
    this.#main.append(this.#home.element);
    this.#signOut.hidden = true;
    const body = h("div", { class: "body" }, this.list.element, this.#main);
    this.#placeList(body);
    root.append(
      h(
        "header",
        { class: "topbar" },
        h("a", { class: "brand", href: "#/" }, icon("note"), h("span", {}, "Casenote")),
        this.#back,
        h(
          "div",
          { class: "topbar-tools" },
          this.#signOut,
          themeButton(),
          button("Help", "quiet", commands.help, icon("question")),
        ),
      ),
      body,
      this.status,
      this.#toast,
    );
  }

  /** Below what waits where there is room for one of them only; keys go the same way as eyes. */
  #placeList(body: HTMLElement): void {
    const narrow = window.matchMedia(NARROW);
    const place = (): void => (narrow.matches ? body.append : body.prepend).call(body, this.list.element);
    if (narrow.matches) place();
    narrow.addEventListener("change", place);
  }

  /** Where the list is not on the page, the first page has it. */
  focusSearch(): void {
    const { search } = this.list;
    search.focus();
    if (document.activeElement === search) return;
    this.#searching = true;
    window.location.hash = "#/";
  }

  /** After another view was opened: a focus that went with the one before goes to its title. */
  opened(): void {
    if (this.#searching) this.list.search.focus();
    this.#searching = false;
    settleFocus("#main h1", "#main", ".sessions");
  }

  /** Puts the page of an open view into the frame; null brings home back. */
  setPage(page: Page | null): void {
    this.#page = page;
    this.#main.replaceChildren((page ?? this.#home).element);
  }

  update(state: AppState, before: AppState): void {
    show(this.#root, !state.away);
    setAttribute(this.#root, "data-view", state.route.view);
    this.list.update(state, before);
    show(this.#signOut, state.me?.auth === "jwt");
    this.#page?.update(state, before);
    if (state.route.view === "home") this.#home.update(state);
    setTitle(state);
    if (state.notice !== before.notice && state.notice) this.#notify(state.notice.text, state.notice.tone);
  }

  #notify(text: string, tone: string): void {
    window.clearTimeout(this.#toastTimer);
    // Behind an open dialog nobody would see it, or hear of it.
    const dialog = document.querySelector("dialog[open]");
    (dialog ?? this.#root).append(this.#toast);
    setAttribute(this.#toast, "aria-hidden", dialog ? null : "true");
    setAttribute(this.#toast, "role", dialog ? "alert" : null);
    this.#toast.textContent = text;
    this.#toast.dataset.tone = tone;
    show(this.#toast, true);
    this.#toastTimer = window.setTimeout(() => show(this.#toast, false), 6000);
  }
}

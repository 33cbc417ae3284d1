/** Where a day begins: what waits for the therapist, by what is to be done about it. */

import type { SessionItem, SessionStatus } from "../api/types.ts";
import { visibleSessions } from "../state/sessions.ts";
import type { AppState } from "../state/state.ts";
import { day } from "../text/words.ts";
import type { Page } from "./app.ts";
import { h } from "./dom.ts";

const SHOWN = 6;

const GROUPS: readonly { readonly status: SessionStatus; readonly title: string }[] = [
  { status: "live", title: "In session now" },
  { status: "writing", title: "Being written" },
  { status: "failed", title: "Could not be written" },
  { status: "draft", title: "Drafts to review" },
  { status: "edited", title: "Edited, to be signed" },
];

function entry(item: SessionItem): HTMLElement {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "waiting-link", href: `#/sessions/${item.id}` },
      h("span", { class: "waiting-name" }, `Patient ${item.patientId}`),
      h("span", {}, `Session ${item.number}`),
      h("span", {}, day(item.date)),
    ),
  );
}

function group(title: string, items: readonly SessionItem[]): HTMLElement {
  const more = items.length - SHOWN;
  return h(
    "section",
    { class: "waiting-group" },
    h("h2", { class: "section-heading" }, title, h("span", { class: "waiting-count" }, String(items.length))),
    h("ul", { class: "waiting-list" }, ...items.slice(0, SHOWN).map(entry)),
    more > 0 && h("p", { class: "quiet-text" }, `${more} more in the list.`),
  );
}

function words(state: AppState, waiting: number): { readonly title: string; readonly text: string } {
  if (waiting > 0) return { title: "Waiting for you", text: "" };
  if (!state.sessions.waitingKnown) return { title: "Looking for what waits…", text: "" };
  const title = state.sessions.items.size > 0 ? "Nothing is waiting for you" : "Choose a session";
  return {
    title,
    text: "The note of a session writes itself when the session is closed. Every sentence shows what was said, and what you type stays yours.",
  };
}

export class HomePage implements Page {
  readonly element = h("div", { class: "welcome" });
  #shown = "";

  update(state: AppState): void {
    const items = visibleSessions({ ...state.sessions, query: "", status: "all" });
    const groups = GROUPS.map(({ status, title }) => ({
      title,
      items: items.filter((item) => item.status === status),
    })).filter((found) => found.items.length > 0);
    const shown = JSON.stringify([state.sessions.waitingKnown, items.map(({ id, status }) => [id, status])]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = document.activeElement?.getAttribute("href");
    const titled = this.element.querySelector("h1")?.matches(":focus") === true;
    const { title, text } = words(state, groups.length);
    this.element.classList.toggle("has-work", groups.length > 0);
    this.element.replaceChildren(
      h("h1", { tabindex: "-1" }, title),
      ...(text === "" ? [] : [h("p", {}, text)]),
      ...groups.map((found) => group(found.title, found.items)),
    );
    if (titled) this.element.querySelector<HTMLElement>("h1")?.focus();
    if (focused) this.element.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

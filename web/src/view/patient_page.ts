/** A patient: what the sessions say together, and the sessions themselves. */

import { CallFailed } from "../api/client.ts";
import { patientSummary, streamEvent } from "../api/decode.ts";
import { postForEvents } from "../api/posted_events.ts";
import type { PatientSummary, SessionItem, StreamEvent } from "../api/types.ts";
import type { AppState } from "../state/state.ts";
import { DEMONSTRATION, overviewWords } from "../text/origin.ts";
import { day } from "../text/words.ts";
import type { Page } from "./app.ts";
import { arrange, button, h, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";
import { statusPill } from "./session_list.ts";
import { summaryParts, summaryText } from "./summary_text.ts";

interface Entry {
  readonly item: SessionItem;
  readonly element: HTMLElement;
}

export class PatientPage implements Page {
  readonly element: HTMLElement;
  readonly #title = h("h1", { tabindex: "-1" });
  readonly #body = h("div", { class: "paper patient-summary" });
  readonly #demonstration = h(
    "p",
    { class: "banner banner-demo", hidden: true },
    icon("warning"),
    h("span", {}, `${DEMONSTRATION}.`),
  );
  readonly #sessions = h("ul", { class: "patient-sessions" });
  readonly #reading = h("p", { class: "quiet-text", role: "status" });
  readonly #loadSessions: (patientId: number) => void;
  #entries: ReadonlyMap<number, Entry> = new Map();
  /** The patient's sessions by their number, which the summary names. */
  #byNumber: ReadonlyMap<number, number> = new Map();
  #summary: PatientSummary | null = null;
  #patientId: number | null = null;
  /** Counts the readings: what an earlier one still brings is not this one's. */
  #run = 0;

  constructor(loadSessions: (patientId: number) => void) {
    this.#loadSessions = loadSessions;
    this.element = h(
      "div",
      { class: "patient-page" },
      h(
        "div",
        { class: "session-head" },
        h("div", { class: "session-names" }, h("div", { class: "session-title" }, this.#title)),
        h(
          "div",
          { class: "toolbar" },
          button("Read again", "plain", () => void this.#load(), icon("refresh")),
        ),
      ),
      h("div", { class: "patient-body" }, this.#demonstration, this.#body, this.#sessions),
    );
  }

  update(state: AppState): void {
    if (state.route.view !== "patient") return;
    const { patientId } = state.route;
    setText(this.#title, `Patient ${patientId}`);
    const items = [...state.sessions.items.values()].filter((item) => item.patientId === patientId);
    items.sort((a, b) => b.date.localeCompare(a.date) || b.id - a.id);
    this.#entries = new Map(items.map((item) => [item.id, this.#entry(item)]));
    arrange(
      this.#sessions,
      [...this.#entries.values()].map(({ element }) => element),
    );
    show(this.#demonstration, state.health?.demonstration === true);
    this.#know(items);
    if (patientId === this.#patientId) return;
    this.#patientId = patientId;
    this.#loadSessions(patientId);
    void this.#load();
  }

  /** The one that stands there already, while nothing of it changed: the focus and a press in it stay. */
  #entry(item: SessionItem): Entry {
    const known = this.#entries.get(item.id);
    if (known?.item === item) return known;
    const element = known?.element ?? h("li", {}, h("a", { href: `#/sessions/${item.id}` }));
    const link = element.querySelector("a");
    if (link) {
      setText(link, `Session ${item.number}`);
      for (const other of [...element.children]) if (other !== link) other.remove();
    }
    element.append(h("span", {}, day(item.date)), statusPill(item.status));
    return { item, element };
  }

  #know(items: readonly SessionItem[]): void {
    const more = items.some((item) => this.#byNumber.get(item.number) !== item.id);
    this.#byNumber = new Map(items.map((item) => [item.number, item.id]));
    if (more && this.#summary) this.#show(this.#summary);
  }

  readonly #text = (text: string): readonly (Node | string)[] =>
    summaryText(text, (number) => this.#byNumber.get(number));

  async #load(): Promise<void> {
    const wanted = this.#patientId;
    if (wanted === null) return;
    this.#run += 1;
    const run = this.#run;
    setText(this.#reading, "Reading the sessions…");
    this.#body.replaceChildren(this.#reading);
    this.#summary = null;
    const growing = new Map<string, HTMLElement>();
    try {
      for await (const { name, data } of postForEvents("/summarize-sessions", { patient_id: wanted })) {
        if (run !== this.#run) return;
        const event = streamEvent(name, data);
        if (event?.kind === "error") this.#failed(event.problem.detail);
        else if (event) this.#grow(growing, event);
        else if (name === "summary") this.#show(patientSummary(data));
        if (event?.kind === "error" || name === "summary") return;
      }
      if (run === this.#run) this.#failed("The server ended it.", growing.size > 0);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      if (run === this.#run) this.#failed(error.message, growing.size > 0);
    }
  }

  /** Half an overview would read like a whole one: it is taken away. */
  #failed(why: string, brokeOff = false): void {
    const words = brokeOff ? `The overview broke off. ${why}` : why;
    this.#body.replaceChildren(h("p", { class: "banner banner-problem", role: "alert" }, words));
  }

  /** Parts as they come; the whole replaces them in the end. */
  #grow(growing: Map<string, HTMLElement>, event: StreamEvent): void {
    if (event.kind === "status" && event.prefillTotal > 1) {
      setText(this.#reading, `Reading session ${event.prefillDone + 1} of ${event.prefillTotal}…`);
    } else if (event.kind === "section") {
      const words = h("p");
      growing.set(event.section, words);
      this.#body.append(h("section", {}, h("h2", { class: "section-heading" }, event.heading), words));
    } else if (event.kind === "token") {
      growing.get(event.section)?.append(...this.#text(event.text));
    }
  }

  #show(summary: PatientSummary): void {
    this.#summary = summary;
    if (!summary.success) {
      this.#body.replaceChildren(h("p", { class: "quiet-text" }, summary.message));
      return;
    }
    const points = summary.keyPoints.map((point) => h("li", {}, ...this.#text(point)));
    this.#body.replaceChildren(
      h("p", { class: "quiet-text" }, overviewWords(summary.sessionCount)),
      ...summaryParts(summary.summary).map(({ heading, text }) =>
        h(
          "section",
          {},
          heading !== "" && h("h2", { class: "section-heading" }, heading),
          h("p", {}, ...this.#text(text)),
        ),
      ),
      h(
        "section",
        {},
        h("h2", { class: "section-heading" }, "Key points"),
        h("ul", { class: "key-points" }, ...points),
      ),
    );
  }
}

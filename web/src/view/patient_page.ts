/** A patient: what the sessions say together, and the sessions themselves. */

import { CallFailed } from "../api/client.ts";
import { patientSummary, streamEvent } from "../api/decode.ts";
import { postForEvents } from "../api/posted_events.ts";
import type { PatientSummary, StreamEvent } from "../api/types.ts";
import type { AppState } from "../state/state.ts";
import { riskSpans, withoutMarkers } from "../text/markers.ts";
import { count, day } from "../text/words.ts";
import type { Page } from "./app.ts";
import { button, h, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import { statusPill } from "./session_list.ts";

interface SummaryPart {
  readonly heading: string;
  readonly text: string;
}

/** ``**Heading:** words`` parts of a summary, in order; words before the first heading have an empty one. */
export function summaryParts(summary: string): readonly SummaryPart[] {
  const parts: SummaryPart[] = [];
  const pieces = summary.split(/^\s*\*\*([^*\n]+):\*\*/m);
  const first = pieces[0]?.trim() ?? "";
  if (first !== "") parts.push({ heading: "", text: first });
  for (let at = 1; at < pieces.length; at += 2) {
    parts.push({ heading: pieces[at] ?? "", text: (pieces[at + 1] ?? "").trim() });
  }
  return parts;
}

function marked(text: string): readonly (Node | string)[] {
  const plain = withoutMarkers(text);
  const pieces: (Node | string)[] = [];
  let from = 0;
  for (const span of riskSpans(plain)) {
    pieces.push(
      plain.slice(from, span.from),
      h("span", { class: "risk-word" }, plain.slice(span.from, span.to)),
    );
    from = span.to;
  }
  return [...pieces, plain.slice(from)];
}

export class PatientPage implements Page {
  readonly element: HTMLElement;
  readonly #title = h("h1");
  readonly #body = h("div", { class: "paper patient-summary" });
  readonly #sessions = h("ul", { class: "patient-sessions" });
  #patientId: number | null = null;

  constructor() {
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
      h("div", { class: "patient-body" }, this.#body, this.#sessions),
    );
  }

  update(state: AppState): void {
    if (state.route.view !== "patient") return;
    const { patientId } = state.route;
    setText(this.#title, `Patient ${patientId}`);
    const items = [...state.sessions.items.values()].filter((item) => item.patientId === patientId);
    items.sort((a, b) => b.date.localeCompare(a.date) || b.id - a.id);
    this.#sessions.replaceChildren(
      ...items.map((item) =>
        h(
          "li",
          {},
          h("a", { href: `#/sessions/${item.id}` }, `Session ${item.number}`),
          h("span", {}, day(item.date)),
          statusPill(item.status),
        ),
      ),
    );
    if (patientId === this.#patientId) return;
    this.#patientId = patientId;
    void this.#load();
  }

  async #load(): Promise<void> {
    const wanted = this.#patientId;
    if (wanted === null) return;
    this.#body.replaceChildren(h("p", { class: "quiet-text", role: "status" }, "Reading the sessions…"));
    const growing = new Map<string, HTMLElement>();
    try {
      for await (const { name, data } of postForEvents("/summarize-sessions", { patient_id: wanted })) {
        if (wanted !== this.#patientId) return;
        const event = streamEvent(name, data);
        if (event) this.#grow(growing, event);
        else if (name === "summary") this.#show(patientSummary(data));
      }
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      this.#body.replaceChildren(h("p", { class: "banner banner-problem" }, error.message));
    }
  }

  /** Parts as they come; the whole replaces them in the end. */
  #grow(growing: Map<string, HTMLElement>, event: StreamEvent): void {
    if (event.kind === "section") {
      const words = h("p");
      growing.set(event.section, words);
      this.#body.append(h("section", {}, h("h2", { class: "section-heading" }, event.heading), words));
    } else if (event.kind === "token") {
      growing.get(event.section)?.append(...marked(event.text));
    }
  }

  #show(summary: PatientSummary): void {
    if (!summary.success) {
      this.#body.replaceChildren(h("p", { class: "quiet-text" }, summary.message));
      return;
    }
    const points = summary.keyPoints.map((point) => h("li", {}, ...marked(point)));
    this.#body.replaceChildren(
      h("p", { class: "quiet-text" }, `Over ${count(summary.sessionCount, "session", "sessions")}`),
      ...summaryParts(summary.summary).map(({ heading, text }) =>
        h(
          "section",
          {},
          heading !== "" && h("h2", { class: "section-heading" }, heading),
          h("p", {}, ...marked(text)),
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

/** A small server of the same interface, in memory: notes with versions, and a generation that goes step by step. */

export interface FakeEvent {
  readonly id: string;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

export type Author = "ai" | "person" | "both";

export interface FakeSection {
  id: string;
  heading: string;
  text: string;
  author: Author;
}

export interface FakeTurn {
  readonly index: number;
  readonly speaker: string;
  readonly text: string;
  readonly start: number;
}

export const HEADINGS: readonly (readonly [string, string])[] = [
  ["chief_complaint", "Chief Complaint"],
  ["emotional_state", "Emotional State"],
  ["risk", "Risk"],
  ["intervention", "Intervention"],
  ["progress", "Progress"],
  ["plan", "Plan"],
];

interface Running {
  id: string;
  attempt: number;
  number: number;
  sections: readonly string[];
  queue: FakeEvent["data"][];
  drafted: Map<string, string>;
}

export type PutAnswer =
  | { readonly status: 200; readonly version: number }
  | { readonly status: 412; readonly current: Record<string, unknown> }
  | { readonly status: 409 };

export class FakeSession {
  readonly id: number;
  readonly turns: FakeTurn[];
  readonly log: FakeEvent[] = [];
  readonly revisions: { version: number; author: string; change: string; text: string; at: string }[] = [];
  sections: FakeSection[] | null = null;
  suggestions: Record<string, string> = {};
  version = 0;
  signedBy: string | null = null;
  live = false;
  addenda: { text: string; author: string; created_at: string }[] = [];
  #running: Running | null = null;
  #generations = 0;
  readonly #script: (section: string) => string;

  constructor(id: number, turns: FakeTurn[], script: (section: string) => string) {
    this.id = id;
    this.turns = turns;
    this.#script = script;
  }

  get status(): string {
    if (this.live) return "live";
    if (this.#running) return "writing";
    if (!this.sections) return "closed";
    if (this.signedBy) return "signed";
    return this.sections.some((section) => section.author !== "ai") ? "edited" : "draft";
  }

  get running(): boolean {
    return this.#running !== null;
  }

  document(): Record<string, unknown> {
    const sections = this.sections ?? [];
    return {
      session_id: this.id,
      patient_id: 7,
      version: this.version,
      status: this.signedBy ? "signed" : this.status === "edited" ? "edited" : "draft",
      format: "progress",
      summary: sections.length
        ? "The patient described low mood and poor sleep and agreed to a plan for the week."
        : "",
      text: this.text(),
      sections: sections.map((section) => ({ ...section, sentences: this.#sentences(section) })),
      risk: [{ term: "suicidal", category: "suicide", negated: true, speaker: "client", turn: 3 }],
      coverage: { turns: this.turns.length, uncovered: [0, 7] },
      authorship: { is_ai_generated: true, edited_from_ai: this.status === "edited" },
      model: { name: "smollm2-135m-instruct", sha256: "0", adapter: "notes-1", prompt_version: "1" },
      fallback: false,
      demonstration: true,
      inference_time: 6.4,
      signed_by: this.signedBy,
      signed_at: this.signedBy ? "2026-11-20T10:00:00Z" : null,
      addenda: this.addenda,
      suggestions: this.suggestions,
      generation: this.#running ? { id: this.#running.id, state: "generating" } : null,
    };
  }

  text(): string {
    return (this.sections ?? []).map((section) => `**${section.heading}:** ${section.text}`).join("\n\n");
  }

  #sentences(section: FakeSection): Record<string, unknown>[] {
    return section.text
      .split(/(?<=[.!?])\s+/)
      .filter(Boolean)
      .map((text, index) => ({
        text,
        turns: [(section.id.length + index) % Math.max(1, this.turns.length)],
        support: index === 1 ? 0.2 : 0.9,
        supported: index !== 1,
      }));
  }

  #revise(author: string, change: string): void {
    this.version += 1;
    this.revisions.push({
      version: this.version,
      author,
      change,
      text: this.text(),
      at: new Date(0).toISOString(),
    });
  }

  put(
    texts: Readonly<Record<string, string>>,
    ifMatch: number | null,
    suggestions: Readonly<Record<string, string>> = {},
  ): PutAnswer {
    if (this.signedBy) return { status: 409 };
    if (ifMatch !== null && ifMatch !== this.version) return { status: 412, current: this.document() };
    this.sections ??= HEADINGS.map(([id, heading]) => ({ id, heading, text: "", author: "ai" as const }));
    for (const section of this.sections) {
      const text = texts[section.id];
      if (text === undefined) continue;
      section.text = text;
      section.author = "both";
      const left = suggestions[section.id];
      if (left === undefined || !(section.id in this.suggestions)) delete this.suggestions[section.id];
      else this.suggestions[section.id] = left;
    }
    this.#revise("person", "edited");
    return { status: 200, version: this.version };
  }

  generate(sections: readonly string[] | null = null, force = false): void {
    if (this.#running) return;
    this.live = false;
    this.#generations += 1;
    const chosen = HEADINGS.map(([id]) => id).filter((id) => sections === null || sections.includes(id));
    if (force) {
      for (const section of this.sections ?? []) if (chosen.includes(section.id)) section.author = "ai";
    }
    this.#running = {
      id: `gen${this.id}-${this.#generations}`,
      attempt: 1,
      number: 0,
      sections: chosen,
      queue: this.#plan(chosen),
      drafted: new Map(),
    };
  }

  /** Headings first, then the sections' words in turn, as sequences of one batch do. */
  #plan(chosen: readonly string[]): FakeEvent["data"][] {
    const status = (state: string, more: object) => ({ event: "status", state, ...more });
    const plan: FakeEvent["data"][] = [status("queued", { position: 1 })];
    for (let done = 0; done <= 4; done += 1)
      plan.push(status("prefill", { prefill_done: done * 128, prefill_total: 512 }));
    plan.push(status("generating", { tokens_per_second: 38, eta_seconds: 6 }));
    for (const [id, heading] of HEADINGS)
      if (chosen.includes(id)) plan.push({ event: "section", section: id, heading });
    const words = chosen.map((id) => ({ id, words: this.#script(id).match(/\s*\S+/g) ?? [] }));
    const longest = Math.max(0, ...words.map((entry) => entry.words.length));
    for (let at = 0; at < longest; at += 1) {
      for (const entry of words) {
        const word = entry.words[at];
        if (word !== undefined) plan.push({ event: "token", section: entry.id, text: word });
      }
    }
    plan.push(status("checking", {}));
    return plan;
  }

  #emit(running: Running, name: string, data: Record<string, unknown>): FakeEvent {
    running.number += 1;
    const event = { id: `${running.id}.${running.attempt}.${running.number}`, name, data };
    this.log.push(event);
    return event;
  }

  /** One event of the running generation; null when none runs. */
  step(): FakeEvent | null {
    const running = this.#running;
    if (!running) return null;
    const next = running.queue.shift();
    if (!next) return this.#finish(running);
    const { event, ...data } = next;
    if (event === "token") {
      const section = String(data.section);
      running.drafted.set(section, (running.drafted.get(section) ?? "") + String(data.text));
    }
    const extra = event === "status" ? { generation_id: running.id, attempt: running.attempt } : {};
    return this.#emit(running, String(event), { ...data, ...extra });
  }

  /** The worker died: the next attempt starts from the beginning. */
  restart(): FakeEvent | null {
    const running = this.#running;
    if (!running) return null;
    running.attempt += 1;
    running.number = 0;
    running.drafted.clear();
    running.queue = this.#plan(running.sections);
    return this.#emit(running, "reset", { attempt: running.attempt, reason: "worker lost" });
  }

  /** What was written of a section is taken back, held against the session. */
  takeBack(section: string): FakeEvent | null {
    const running = this.#running;
    if (!running) return null;
    running.drafted.delete(section);
    return this.#emit(running, "reset", { attempt: running.attempt, section, reason: "grounding" });
  }

  cancel(): FakeEvent | null {
    const running = this.#running;
    if (!running) return null;
    this.#running = null;
    return this.#emit(running, "error", {
      status: 499,
      title: "Cancelled",
      detail: "The generation was cancelled.",
    });
  }

  #finish(running: Running): FakeEvent {
    this.#running = null;
    this.sections ??= HEADINGS.map(([id, heading]) => ({ id, heading, text: "", author: "ai" as const }));
    for (const section of this.sections) {
      const text = running.drafted.get(section.id);
      if (text === undefined) continue;
      if (section.author === "ai") section.text = text;
      else this.suggestions[section.id] = text;
    }
    this.#revise("ai", "generated");
    return this.#emit(running, "note", this.document());
  }

  after(id: string | null): readonly FakeEvent[] {
    if (id === null) {
      const generation = this.log.at(-1)?.id.split(".")[0];
      return this.log.filter((event) => event.id.split(".")[0] === generation);
    }
    const at = this.log.findIndex((event) => event.id === id);
    return this.log.slice(at + 1);
  }
}

/** Reads JSON of the server into the shapes of ``types.ts``. A wrong or missing field gets its empty value. */

import type {
  Addendum,
  Author,
  EventPosition,
  GenerationPhase,
  Health,
  Me,
  NoteDocument,
  NoteFormat,
  NoteOption,
  NoteSection,
  PatientSummary,
  Problem,
  Reading,
  Revision,
  RiskMention,
  Sentence,
  SessionItem,
  SessionStatus,
  StreamEvent,
  Transcript,
  Turn,
} from "./types.ts";

type Json = Readonly<Record<string, unknown>>;

export function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const textOrNull = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;
const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const numberOrNull = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

function oneOf<T extends string>(value: unknown, allowed: readonly T[], otherwise: T): T {
  return allowed.find((candidate) => candidate === value) ?? otherwise;
}

const STATUSES: readonly SessionStatus[] = [
  "live",
  "writing",
  "closed",
  "draft",
  "edited",
  "signed",
  "failed",
];
const AUTHORS: readonly Author[] = ["ai", "person", "both"];
const PHASES: readonly GenerationPhase[] = ["queued", "prefill", "generating", "checking"];

/**
 * A session that is being spoken is live whatever a person has written into its note already. One that came whole and
 * was never closed counts as live for the server too; no model reads along with it.
 */
function sessionStatus(json: Json): SessionStatus {
  const status = oneOf(json.status, STATUSES, "closed");
  const spoken = json.session_status === "live" && reading(json.reading) !== null;
  return spoken && status === "edited" ? "live" : status;
}

export function sessionItem(value: unknown): SessionItem {
  const json = object(value);
  return {
    id: number(json.id),
    patientId: number(json.patient_id),
    number: number(json.session_number),
    date: text(json.session_date),
    status: sessionStatus(json),
    turns: number(json.turns),
    updatedAt: text(json.updated_at),
    noteVersion: numberOrNull(json.note_version),
    reading: reading(json.reading),
  };
}

function reading(value: unknown): Reading | null {
  if (typeof value !== "object" || value === null) return null;
  const json = object(value);
  return { done: number(json.done), total: number(json.total), reducing: json.reducing === true };
}

function turn(value: unknown): Turn {
  const json = object(value);
  return {
    index: number(json.index),
    speaker: text(json.speaker) || "unknown",
    text: text(json.text),
    start: numberOrNull(json.start),
  };
}

export function transcript(value: unknown): Transcript {
  const json = object(value);
  return { status: oneOf(json.status, STATUSES, "closed"), turns: list(json.turns).map(turn) };
}

function sentence(value: unknown): Sentence {
  const json = object(value);
  const turns = list(json.turns).filter((index): index is number => typeof index === "number");
  return { text: text(json.text), turns, supported: json.supported !== false };
}

function noteSection(value: unknown): NoteSection {
  const json = object(value);
  return {
    id: text(json.id),
    heading: text(json.heading),
    text: text(json.text),
    author: oneOf(json.author, AUTHORS, "ai"),
    sentences: list(json.sentences).map(sentence),
  };
}

/** The paragraph beside the sections, which is written, owned and edited as one of them. */
function summarySection(json: Json): NoteSection {
  return noteSection({
    id: "summary",
    heading: "Summary",
    text: json.summary,
    author: json.summary_author,
    sentences: json.summary_sentences,
  });
}

function riskMention(value: unknown): RiskMention {
  const json = object(value);
  return {
    term: text(json.term),
    category: text(json.category),
    negated: json.negated === true,
    speaker: text(json.speaker),
    turn: numberOrNull(json.turn),
  };
}

function addendum(value: unknown): Addendum {
  const json = object(value);
  return { text: text(json.text), author: text(json.author), createdAt: text(json.created_at) };
}

function coverage(value: unknown): NoteDocument["coverage"] {
  if (typeof value !== "object" || value === null) return null;
  const json = object(value);
  const uncovered = list(json.uncovered).filter((index): index is number => typeof index === "number");
  const reduced = list(json.reduced).map((entry) => {
    const { first, last } = object(entry);
    return { first: number(first), last: number(last) };
  });
  return { turns: number(json.turns), uncovered, reduced };
}

function suggestions(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(object(value)).map(([id, words]) => [id, text(words)]));
}

export function noteDocument(value: unknown): NoteDocument {
  const json = object(value);
  const authorship = object(json.authorship);
  const model = object(json.model);
  const generation = object(json.generation);
  return {
    sessionId: number(json.session_id),
    patientId: number(json.patient_id),
    version: number(json.version),
    status: oneOf(json.status, ["draft", "edited", "signed"] as const, "draft"),
    format: text(json.format),
    text: text(json.text),
    sections: [summarySection(json), ...list(json.sections).map(noteSection)],
    risk: list(json.risk).map(riskMention),
    coverage: coverage(json.coverage),
    authorship: {
      isAiGenerated: authorship.is_ai_generated === true,
      editedFromAi: authorship.edited_from_ai === true,
      generatedAt: textOrNull(authorship.generated_at),
      lastEditedAt: textOrNull(authorship.last_edited_at),
    },
    model: text(model.name) ? { name: text(model.name), adapter: textOrNull(model.adapter) } : null,
    fallback: json.fallback === true,
    demonstration: json.demonstration === true,
    inferenceTime: numberOrNull(json.inference_time),
    signedBy: textOrNull(json.signed_by),
    signedAt: textOrNull(json.signed_at),
    addenda: list(json.addenda).map(addendum),
    suggestions: suggestions(json.suggestions),
    generation: text(generation.id) ? { id: text(generation.id), state: text(generation.state) } : null,
  };
}

export function noteFormat(value: unknown): NoteFormat {
  const json = object(value);
  const sections = list(json.sections).map((entry) => {
    const section = object(entry);
    return { id: text(section.id), heading: text(section.heading) };
  });
  return { id: text(json.id), name: text(json.name), sections };
}

export function noteOptions(value: unknown): readonly NoteOption[] {
  return Object.entries(object(value)).map(([id, entry]) => {
    const json = object(entry);
    return { id, default: text(json.default), choices: list(json.choices).map(text) };
  });
}

/** Who wrote a version: a name, or ``{"kind", "name", "id"}``. */
function person(value: unknown): string {
  if (typeof value === "string") return value;
  const json = object(value);
  return text(json.name) || text(json.id) || text(json.kind);
}

/** The members that are texts. */
export function texts(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(object(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

export function revision(value: unknown): Revision {
  const json = object(value);
  const author = object(json.author);
  const sections = Array.isArray(json.sections)
    ? [summarySection(json), ...json.sections.map(noteSection)]
    : [];
  return {
    version: number(json.version),
    change: text(json.change),
    author: person(json.author),
    createdAt: text(json.created_at),
    sections: sections.length > 0 ? sections : [{ id: "note", heading: "Note", text: text(json.text) }],
    reason: textOrNull(author.reason) ?? textOrNull(json.reason),
    status: oneOf(json.status, ["draft", "edited", "signed"] as const, "draft"),
    demonstration: object(json.model).demonstration === true,
    addenda: list(json.addenda_texts).map(addendum),
  };
}

export function me(value: unknown): Me {
  const json = object(value);
  const auth = json.auth ?? json.authentication;
  return { auth: auth === "jwt" ? "jwt" : "off", subject: textOrNull(json.subject) };
}

export function health(value: unknown): Health {
  const json = object(value);
  return {
    status: text(json.status),
    modelName: textOrNull(json.model_name),
    modelLoaded: json.model_loaded === true,
    demonstration: json.demonstration === true,
  };
}

export function patientSummary(value: unknown): PatientSummary {
  const json = object(value);
  return {
    success: json.success === true,
    message: text(json.message),
    summary: text(json.summary),
    keyPoints: list(json.key_points).map(text),
    sessionCount: number(json.session_count),
  };
}

export function problem(value: unknown, status = 0): Problem {
  const json = object(value);
  return {
    status: number(json.status) || status,
    title: text(json.title),
    detail: text(json.detail) || text(json.title) || "The server did not say why.",
    current: json.current ? noteDocument(json.current) : null,
    generating: json.generation !== null && json.generation !== undefined,
    failure: textOrNull(object(json.failure).detail),
  };
}

/** ``<generation>.<attempt>.<number>``, or null for any other id. */
export function eventPosition(id: string): EventPosition | null {
  const match = /^(.+)\.(\d+)\.(\d+)$/.exec(id);
  if (!match?.[1]) return null;
  return { generation: match[1], attempt: Number(match[2]), number: Number(match[3]) };
}

/** One server-sent event of a note, or null for a name that this page does not know. */
export function streamEvent(name: string, data: unknown): StreamEvent | null {
  const json = object(data);
  switch (name) {
    case "status":
      return {
        kind: "status",
        phase: oneOf(json.state, PHASES, "queued"),
        generation: text(json.generation_id),
        attempt: number(json.attempt),
        position: numberOrNull(json.position),
        prefillDone: number(json.prefill_done),
        prefillTotal: number(json.prefill_total),
        tokensPerSecond: numberOrNull(json.tokens_per_second),
        etaSeconds: numberOrNull(json.eta_seconds),
      };
    case "section":
      return { kind: "section", section: text(json.section), heading: text(json.heading) };
    case "token":
      return { kind: "token", section: text(json.section), text: text(json.text) };
    case "reset":
      return {
        kind: "reset",
        attempt: number(json.attempt),
        section: textOrNull(json.section),
        reason: text(json.reason),
      };
    case "note":
      return { kind: "note", document: noteDocument(json) };
    case "error":
      return { kind: "error", problem: problem(json) };
    default:
      return null;
  }
}

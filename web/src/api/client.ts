/** Calls to the server. Every answer that is not a success is a ``CallFailed`` with the problem document. */

import * as decode from "./decode.ts";
import type {
  Health,
  Me,
  NoteDocument,
  NoteFormat,
  NoteOption,
  Problem,
  Revision,
  SessionItem,
  SessionStatus,
  Transcript,
} from "./types.ts";

export class CallFailed extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }

  /** No answer came at all: the server or the network is away, and the call may be made again. */
  get unreachable(): boolean {
    return this.problem.status === 0;
  }
}

export const UNREACHABLE: Problem = {
  status: 0,
  title: "No connection",
  detail: "The server cannot be reached.",
  current: null,
  generating: false,
  failure: null,
};

/** The event of the window when a call was refused because nobody is signed in any more. */
export const SIGNED_OUT = "casenote-signed-out";

/** The same of a stream, which goes on trying by itself. */
export const STREAM_REFUSED = "casenote-stream-refused";

/** A save without an answer holds up those after it; whether it was stored is told by the next one. */
const SAVED_WITHIN_MS = 15_000;
const READ_WITHIN_MS = 30_000;

export interface Answer {
  readonly body: unknown;
  readonly etag: string | null;
}

interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds after which it counts as unreachable. */
  readonly within?: number;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** One call. Throws ``CallFailed``. */
export async function call(
  path: string,
  { method = "GET", body, headers = {}, within }: Call = {},
): Promise<Answer> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const stop = new AbortController();
  const timer = within === undefined ? undefined : setTimeout(() => stop.abort(), within);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(path, {
      method,
      headers: { accept: "application/json", ...json, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: stop.signal,
    });
    answer = await readJson(response);
  } catch {
    throw new CallFailed(UNREACHABLE);
  } finally {
    clearTimeout(timer);
  }
  if (response.status === 401) window.dispatchEvent(new Event(SIGNED_OUT));
  if (!response.ok) throw new CallFailed(decode.problem(answer, response.status));
  return { body: answer, etag: response.headers.get("etag") };
}

export function entityTag(sessionId: number, version: number): string {
  return `"${sessionId}.${version}"`;
}

const session = (id: number) => `/sessions/${id}`;
const note = (id: number) => `${session(id)}/notes`;

export async function fetchMe(within?: number): Promise<Me> {
  return decode.me((await call("/me", within === undefined ? {} : { within })).body);
}

export async function fetchHealth(): Promise<Health> {
  return decode.health((await call("/health")).body);
}

/** The key for sealing this person's unsaved words, base64url. */
export async function fetchUnsavedKey(within: number): Promise<string> {
  const { key } = decode.object((await call("/unsaved-key", { within })).body);
  return typeof key === "string" ? key : "";
}

export async function login(token: string): Promise<void> {
  await call("/login-token", { method: "POST", body: { token } });
}

export async function logout(): Promise<void> {
  await call("/logout", { method: "POST" });
}

export interface Formats {
  readonly formats: readonly NoteFormat[];
  readonly defaultFormat: string;
  readonly options: readonly NoteOption[];
}

export async function fetchFormats(): Promise<Formats> {
  const body = decode.object((await call("/formats")).body);
  const formats = Array.isArray(body.formats) ? body.formats.map(decode.noteFormat) : [];
  const options = decode.noteOptions(body.options);
  return { formats, options, defaultFormat: typeof body.default === "string" ? body.default : "" };
}

export interface SessionPage {
  readonly items: readonly SessionItem[];
  readonly cursor: string | null;
}

export interface SessionFilter {
  readonly patientId?: number;
  readonly status?: SessionStatus;
}

export async function fetchSessions(
  cursor: string | null = null,
  { patientId, status }: SessionFilter = {},
): Promise<SessionPage> {
  // By last change: what changed while the page was not connected is among the first.
  const query = new URLSearchParams({ limit: "100", order: "changed" });
  if (cursor) query.set("cursor", cursor);
  if (patientId !== undefined) query.set("patient_id", String(patientId));
  if (status !== undefined) query.set("status", status);
  const body = decode.object((await call(`/sessions?${query}`)).body);
  const items = Array.isArray(body.sessions) ? body.sessions.map(decode.sessionItem) : [];
  return { items, cursor: typeof body.next_cursor === "string" ? body.next_cursor : null };
}

export async function fetchTranscript(id: number): Promise<Transcript> {
  return decode.transcript((await call(`${session(id)}/turns`, { within: READ_WITHIN_MS })).body);
}

export async function fetchNote(id: number): Promise<NoteDocument> {
  return decode.noteDocument((await call(note(id), { within: READ_WITHIN_MS })).body);
}

/** The values of options that the note was last written with, those that are not the site's. */
export async function fetchNoteOptions(id: number): Promise<Readonly<Record<string, string>>> {
  return decode.texts(decode.object((await call(note(id))).body).options);
}

/** Stores some sections of that version, or of a note that nobody stored yet; answers the new version, or null where the server does not name it.
 * ``suggestions``: what the person left open of the model's for these sections. */
export async function saveSections(
  id: number,
  version: number | null,
  sections: Readonly<Record<string, string>>,
  suggestions: Readonly<Record<string, string>>,
): Promise<number | null> {
  const headers: Record<string, string> =
    version === null ? { "if-none-match": "*" } : { "if-match": entityTag(id, version) };
  const { body, etag } = await call(note(id), {
    method: "PUT",
    body: { sections, suggestions },
    headers,
    within: SAVED_WITHIN_MS,
  });
  const named = decode.object(body).version;
  if (typeof named === "number") return named;
  const tagged = /\.(\d+)"$/.exec(etag ?? "");
  return tagged ? Number(tagged[1]) : null;
}

export async function fetchTrainingConsent(id: number): Promise<boolean> {
  const { body } = await call(`/sessions/${id}/training-consent`);
  return decode.object(body).consent === true;
}

export async function saveTrainingConsent(id: number, consent: boolean): Promise<void> {
  await call(`/sessions/${id}/training-consent`, { method: "PUT", body: { consent } });
}

export interface GenerationRequest {
  readonly regenerate: boolean;
  readonly sections: readonly string[] | null;
  readonly format: string | null;
  readonly force: boolean;
  /** Values of options, those that are not the site's. */
  readonly options: Readonly<Record<string, string>>;
}

export async function requestNote(id: number, request: GenerationRequest): Promise<void> {
  await call(`${session(id)}/generate-notes`, {
    method: "POST",
    headers: { prefer: "respond-async" },
    body: {
      regenerate: request.regenerate,
      force: request.force,
      ...request.options,
      ...(request.sections ? { sections: request.sections } : {}),
      ...(request.format ? { format: request.format } : {}),
    },
  });
}

export async function closeSession(id: number): Promise<void> {
  await call(`${session(id)}/close`, { method: "POST" });
}

export async function cancelGeneration(id: number): Promise<void> {
  await call(`${note(id)}/stream`, { method: "DELETE" });
}

export async function signNote(id: number, version: number, signedBy: string): Promise<void> {
  await call(`${note(id)}/sign`, {
    method: "POST",
    headers: { "if-match": entityTag(id, version) },
    body: signedBy ? { name: signedBy } : {},
  });
}

export async function unlockNote(id: number, reason: string): Promise<void> {
  await call(`${note(id)}/unlock`, { method: "POST", body: { reason } });
}

export async function addAddendum(id: number, text: string): Promise<void> {
  await call(`${note(id)}/addenda`, { method: "POST", body: { text }, within: SAVED_WITHIN_MS });
}

export async function fetchRevisions(id: number): Promise<readonly Revision[]> {
  const revisions = decode.object((await call(`${note(id)}/revisions`)).body).revisions;
  return Array.isArray(revisions) ? revisions.map(decode.revision) : [];
}

/** The fake server over HTTP, beside the built page: for looking at the page without a model. */

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import { session } from "./scenes.ts";
import { type FakeEvent, type FakeSession, HEADINGS } from "./server.ts";

const STEP_MS = Number(process.env.FAKE_STEP_MS ?? 60);
const CSP = (nonce: string) =>
  `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; img-src 'self' data:; ` +
  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".woff2": "font/woff2",
};

const sessions = new Map<number, FakeSession>();
for (const [id, turns] of [
  [1, 10],
  [2, 34],
  [3, 400],
  [4, 12],
] as const)
  sessions.set(id, session(id, turns));
const watchers = new Map<number, Set<ServerResponse>>();
const listeners = new Set<ServerResponse>();

function ready(id: number): void {
  const fake = sessions.get(id);
  fake?.generate();
  while (fake?.step());
}
ready(2);
ready(3);
const signed = sessions.get(3);
if (signed) signed.signedBy = "Dr. Amira Lund";
const live = sessions.get(4);
if (live) live.live = true;

const updated = new Map<number, string>();
function item(fake: FakeSession): Record<string, unknown> {
  return {
    id: fake.id,
    patient_id: 7 + (fake.id % 3),
    session_number: fake.id,
    session_date: `2026-11-${String(10 + fake.id)}T09:00:00Z`,
    status: fake.status,
    turns: fake.turns.length,
    updated_at: updated.get(fake.id) ?? "2026-11-20T09:00:00Z",
    note_version: fake.version || null,
  };
}

function frame(name: string, id: string | null, data: unknown): string {
  return `${id ? `id: ${id}\n` : ""}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function changed(fake: FakeSession): void {
  updated.set(fake.id, new Date().toISOString());
  for (const response of listeners) response.write(frame("session", null, item(fake)));
}

function tell(fake: FakeSession, event: FakeEvent | null): void {
  if (!event) return;
  for (const response of watchers.get(fake.id) ?? []) {
    response.write(frame(event.name, event.id, event.data));
    if (event.name === "note" || event.name === "error") response.end();
  }
}

setInterval(() => {
  for (const fake of sessions.values()) {
    const before = fake.status;
    const event = fake.step();
    if (!event) continue;
    tell(fake, event);
    if (fake.status !== before) changed(fake);
  }
}, STEP_MS);

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": open\n\n");
}

function stream(fake: FakeSession, url: URL, response: ServerResponse): void {
  const last = url.searchParams.get("last_event_id");
  const past = fake.after(last);
  if (!fake.running && past.length === 0) {
    if (last) response.writeHead(204).end();
    else json(response, 404, { status: 404, title: "Not found", detail: "Nothing is running." });
    return;
  }
  openStream(response);
  for (const event of past) response.write(frame(event.name, event.id, event.data));
  if (!fake.running) {
    response.end();
    return;
  }
  const set = watchers.get(fake.id) ?? new Set();
  watchers.set(fake.id, set.add(response));
  response.on("close", () => set.delete(response));
}

async function notes(
  fake: FakeSession,
  rest: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const etag = `"${fake.id}.${fake.version}"`;
  if (rest === "" && request.method === "GET") {
    if (!fake.sections) return json(response, 404, { status: 404, detail: "No note yet" });
    return json(response, 200, fake.document(), { etag });
  }
  const body = await bodyOf(request);
  if (rest === "" && request.method === "PUT") {
    const match = /\.(\d+)"/.exec(request.headers["if-match"] ?? "");
    const answer = fake.put(
      body.sections as Record<string, string>,
      match ? Number(match[1]) : null,
      body.suggestions as Record<string, string> | undefined,
    );
    changed(fake);
    return json(response, answer.status, { detail: "The note moved on", ...answer });
  }
  if (rest === "/sign") fake.signedBy = String(body.signed_by ?? "Dr. Amira Lund");
  else if (rest === "/unlock") fake.signedBy = null;
  else if (rest === "/addenda")
    fake.addenda.push({
      text: String(body.text),
      author: "Dr. Amira Lund",
      created_at: new Date().toISOString(),
    });
  else if (rest === "/stream") tell(fake, fake.cancel());
  else if (rest === "/revisions") {
    const revisions = fake.revisions.map((entry) => ({ ...entry, created_at: entry.at }));
    return json(response, 200, { revisions });
  }
  fake.version += 1;
  changed(fake);
  json(response, 200, { success: true });
}

async function asset(name: string, response: ServerResponse): Promise<void> {
  const dist = path.resolve("dist");
  const file = path.join(dist, name === "/" ? "index.html" : name);
  const nonce = Math.random().toString(36).slice(2);
  try {
    const content = await readFile(file);
    if (name !== "/") {
      response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "" }).end(content);
      return;
    }
    const page = content.toString().replace("__CSP_NONCE__", nonce);
    response.writeHead(200, { "content-type": "text/html", "content-security-policy": CSP(nonce) }).end(page);
  } catch {
    response.writeHead(404).end();
  }
}

createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const match = /^\/sessions\/(\d+)(\/.*)?$/.exec(url.pathname);
  const fake = match ? sessions.get(Number(match[1])) : undefined;
  const rest = match?.[2] ?? "";
  if (url.pathname === "/me") return json(response, 200, { auth: "off", subject: null });
  if (url.pathname === "/formats") {
    const sections = HEADINGS.map(([id, heading]) => ({ id, heading }));
    return json(response, 200, { formats: [{ id: "progress", name: "Progress note", sections }] });
  }
  if (url.pathname === "/sessions")
    return json(response, 200, { sessions: [...sessions.values()].map(item), next_cursor: null });
  if (url.pathname === "/sessions/stream") {
    openStream(response);
    listeners.add(response);
    response.on("close", () => listeners.delete(response));
    return;
  }
  if (url.pathname === "/summarize-sessions") {
    const summary =
      "**Latest Session:** The patient slept a little better.\n\n**Chief Complaint:** Early waking and worry.";
    return json(response, 200, {
      success: true,
      summary,
      session_count: 3,
      key_points: ["Early waking", "Walks help"],
    });
  }
  if (match && !fake) return json(response, 404, { status: 404, detail: "Session not found" });
  if (!fake) return asset(url.pathname, response);
  if (rest === "/turns")
    return json(response, 200, { session_id: fake.id, status: fake.status, turns: fake.turns });
  if (rest === "/notes/stream" && request.method === "GET") return stream(fake, url, response);
  if (rest === "/generate-notes" || rest === "/close") {
    const body = await bodyOf(request);
    fake.generate((body.sections as string[]) ?? null, body.force === true);
    changed(fake);
    return json(response, 202, { success: true });
  }
  if (rest.startsWith("/notes")) return notes(fake, rest.slice("/notes".length), request, response);
  json(response, 404, { status: 404, detail: "Not found" });
}).listen(Number(process.env.FAKE_PORT ?? 8099), "127.0.0.1");

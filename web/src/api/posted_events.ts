/** Server-sent events as the answer to a POST, which an EventSource cannot make. It is read once and not resumed. */

import { CallFailed, UNREACHABLE } from "./client.ts";
import { object, problem } from "./decode.ts";

export interface PostedEvent {
  readonly name: string;
  readonly data: unknown;
}

/** The events in ``text`` that are complete, and what is left of it. */
export function completeEvents(text: string): {
  readonly events: readonly PostedEvent[];
  readonly rest: string;
} {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop() ?? "";
  const events: PostedEvent[] = [];
  for (const block of blocks) {
    const lines = block.split("\n");
    const field = (name: string): string[] =>
      lines
        .filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
    const data = field("data").join("\n");
    if (data !== "") events.push({ name: field("event")[0] ?? "message", data: object(JSON.parse(data)) });
  }
  return { events, rest };
}

async function open(path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { accept: "text/event-stream, application/json;q=0.5", "content-type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new CallFailed(UNREACHABLE);
  }
}

/** A line that breaks in the middle of an answer is one that never stood. */
async function nextChunk(
  reader: ReadableStreamDefaultReader<string>,
): Promise<ReadableStreamReadResult<string>> {
  try {
    return await reader.read();
  } catch {
    throw new CallFailed(UNREACHABLE);
  }
}

/** The events of the answer as they come. Throws ``CallFailed``. */
export async function* postForEvents(path: string, body: unknown): AsyncGenerator<PostedEvent> {
  const response = await open(path, body);
  if (!response.ok || !response.body) {
    throw new CallFailed(problem(await response.json().catch(() => null), response.status));
  }
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    yield { name: "summary", data: await response.json() };
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (true) {
    const { value, done } = await nextChunk(reader);
    const { events, rest } = completeEvents(text + (value ?? ""));
    text = rest;
    yield* events;
    if (done) return;
  }
}

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { ReconnectingStream, SILENT_MS } from "../src/api/events.ts";

/** As much of a browser's EventSource as a stream uses. */
class Source {
  static all: Source[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #heard = new Map<string, (event: MessageEvent) => void>();

  constructor() {
    Source.all.push(this);
  }

  addEventListener(name: string, heard: (event: MessageEvent) => void): void {
    this.#heard.set(name, heard);
  }

  send(name: string): void {
    this.#heard.get(name)?.(new MessageEvent(name, { data: "{}", lastEventId: "1" }));
  }

  close(): void {
    this.closed = true;
  }
}

function opened(isOver: (name: string) => boolean = () => false): Source {
  Source.all = [];
  Object.assign(globalThis, { EventSource: Source, window: globalThis });
  const stream = new ReconnectingStream({
    url: () => "/sessions/stream",
    names: ["session", "note"],
    onEvent: () => {},
    onOpen: () => {},
    onLost: () => {},
    onEnded: () => {},
    isOver,
  });
  stream.start();
  const [source] = Source.all;
  assert.ok(source);
  source.onopen?.();
  return source;
}

test("a line that is silent for a minute is opened anew", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const source = opened();

  mock.timers.tick(SILENT_MS - 1);
  assert.equal(Source.all.length, 1);
  mock.timers.tick(1);

  assert.equal(Source.all.length, 2);
  assert.ok(source.closed);
  mock.timers.reset();
});

test("a line on which something comes stays as it is", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const source = opened();

  for (let minute = 0; minute < 5; minute += 1) {
    mock.timers.tick(SILENT_MS - 1);
    source.send("session");
  }

  assert.equal(Source.all.length, 1);
  mock.timers.reset();
});

test("a stream that has told everything is not opened again", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const source = opened((name) => name === "note");

  source.send("note");
  mock.timers.tick(10 * SILENT_MS);

  assert.equal(Source.all.length, 1);
  mock.timers.reset();
});

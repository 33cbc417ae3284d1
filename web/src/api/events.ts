/** A stream of server-sent events that is opened again, after a growing pause, for as long as it is wanted. */

import { STREAM_REFUSED } from "./client.ts";
import { object } from "./decode.ts";

export interface StreamHandlers {
  /** The address for the next connection: it names the last event that was taken in. */
  readonly url: () => string;
  readonly names: readonly string[];
  readonly onEvent: (name: string, id: string, data: unknown) => void;
  readonly onOpen: () => void;
  /** The connection is gone; another one follows by itself. */
  readonly onLost: () => void;
  /** The server said that there is nothing, or nothing more. */
  readonly onEnded: () => void;
  /** True where the stream has told everything. */
  readonly isOver: (name: string) => boolean;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/**
 * A line that goes silent without breaking (another network, a router that forgot it) is noticed by nobody: what the
 * server sends to keep it alive are comments, which an EventSource does not tell of. After so long without an event a new
 * connection goes on where this one was.
 */
export const SILENT_MS = 60_000;

/** How long to wait before connection number ``failures`` + 1; ``chance`` in [0, 1) keeps many tabs apart. */
export function pauseAfter(failures: number, chance: number): number {
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
  return pause * (0.75 + chance / 2);
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

export class ReconnectingStream {
  readonly #handlers: StreamHandlers;
  #source: EventSource | null = null;
  #timer: number | undefined;
  #silence: number | undefined;
  #failures = 0;
  #stopped = true;

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
  }

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#close();
  }

  /** Opens a new connection now: after the machine came online, or when events are missing. */
  again(): void {
    if (this.#stopped) return;
    this.#close();
    this.#connect();
  }

  #close(): void {
    window.clearTimeout(this.#timer);
    window.clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = null;
  }

  #connect(): void {
    const source = new EventSource(this.#handlers.url());
    this.#source = source;
    this.#heard();
    source.onopen = () => {
      this.#failures = 0;
      this.#heard();
      this.#handlers.onOpen();
    };
    source.onerror = (event) => {
      // A note's stream has an event of its own called error, which arrives here too.
      if (source === this.#source && !(event instanceof MessageEvent)) this.#failed(source);
    };
    for (const name of this.#handlers.names) {
      source.addEventListener(name, (event) => {
        if (source === this.#source && event instanceof MessageEvent) this.#arrived(name, event);
      });
    }
  }

  #heard(): void {
    window.clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => this.again(), SILENT_MS);
  }

  #arrived(name: string, event: MessageEvent<string>): void {
    this.#heard();
    const data = parsed(event.data);
    if (data === null) return;
    const over = this.#handlers.isOver(name);
    if (over) this.stop();
    this.#handlers.onEvent(name, event.lastEventId, object(data));
    if (over) this.#handlers.onEnded();
  }

  #failed(source: EventSource): void {
    const refused = source.readyState === EventSource.CLOSED;
    this.#close();
    if (this.#stopped) return;
    if (refused) void this.#refused();
    else this.#later();
  }

  /** The server answered, but with no stream; an EventSource does not tell with what, so the server is asked. */
  async #refused(): Promise<void> {
    const verdict = await this.#probe();
    if (this.#stopped || this.#source) return;
    if (verdict === "try") {
      this.#later();
    } else {
      this.stop();
      this.#handlers.onEnded();
    }
  }

  #later(): void {
    this.#failures += 1;
    this.#handlers.onLost();
    this.#timer = window.setTimeout(() => this.#connect(), pauseAfter(this.#failures, Math.random()));
  }

  async #probe(): Promise<"try" | "over"> {
    const stop = new AbortController();
    try {
      const response = await fetch(this.#handlers.url(), {
        headers: { accept: "text/event-stream" },
        signal: stop.signal,
        cache: "no-store",
      });
      if (response.status === 401) window.dispatchEvent(new Event(STREAM_REFUSED));
      return [204, 404, 410].includes(response.status) ? "over" : "try";
    } catch {
      return "try";
    } finally {
      stop.abort();
    }
  }
}

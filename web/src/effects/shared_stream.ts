/**
 * One note's stream for all tabs of a browser, which opens only six connections to one server.
 *
 * The tab that holds the lock keeps the connection and the log of the generation; the others hear every event from
 * it. A tab that comes later, or missed something, asks for the log again: events that it has change nothing.
 */

import { ReconnectingStream, type StreamHandlers } from "../api/events.ts";

interface StreamedEvent {
  readonly name: string;
  readonly id: string;
  readonly data: unknown;
}

type News =
  | { readonly kind: "events"; readonly events: readonly StreamedEvent[] }
  | { readonly kind: "opened" | "lost" | "ended" | "tellAgain" };

export interface NoteStream {
  readonly start: () => void;
  readonly stop: () => void;
  /** Events are missing, or the machine came online. */
  readonly again: () => void;
}

export type NoteStreamHandlers = Omit<StreamHandlers, "url">;

function generationOf(id: string): string {
  return id.split(".").slice(0, -2).join(".");
}

/** The connection and the log, in the tab that leads. */
class Leader {
  readonly #stream: ReconnectingStream;
  #log: StreamedEvent[] = [];

  constructor(path: string, handlers: NoteStreamHandlers, tell: (news: News) => void) {
    this.#stream = new ReconnectingStream({
      names: handlers.names,
      isOver: handlers.isOver,
      url: () => {
        const last = this.#log.at(-1)?.id;
        return last ? `${path}?last_event_id=${encodeURIComponent(last)}` : path;
      },
      onEvent: (name, id, data) => {
        const event = { name, id, data };
        const first = this.#log[0];
        if (first && generationOf(first.id) !== generationOf(id)) this.#log = [];
        this.#log.push(event);
        tell({ kind: "events", events: [event] });
      },
      onOpen: () => tell({ kind: "opened" }),
      onLost: () => tell({ kind: "lost" }),
      onEnded: () => tell({ kind: "ended" }),
    });
    this.#stream.start();
  }

  get log(): News {
    return { kind: "events", events: this.#log };
  }

  /** From the beginning: whatever is missing in the log comes with it. */
  again(): void {
    this.#log = [];
    this.#stream.again();
  }

  stop(): void {
    this.#stream.stop();
  }
}

class SharedStream implements NoteStream {
  readonly #path: string;
  readonly #handlers: NoteStreamHandlers;
  #channel: BroadcastChannel | null = null;
  #leader: Leader | null = null;
  #leave: AbortController | null = null;

  constructor(path: string, handlers: NoteStreamHandlers) {
    this.#path = path;
    this.#handlers = handlers;
  }

  readonly start = (): void => {
    this.stop();
    const leave = new AbortController();
    this.#leave = leave;
    this.#channel = new BroadcastChannel(this.#path);
    this.#channel.addEventListener("message", (event: MessageEvent<News>) => this.#received(event.data));
    this.#channel.postMessage({ kind: "tellAgain" } satisfies News);
    navigator.locks
      .request(this.#path, { signal: leave.signal }, () => this.#lead(leave.signal))
      .catch((error: unknown) => {
        if (!leave.signal.aborted) throw error;
      });
  };

  readonly stop = (): void => {
    this.#leave?.abort();
    this.#leader?.stop();
    this.#channel?.close();
    this.#leave = null;
    this.#leader = null;
    this.#channel = null;
  };

  readonly again = (): void => {
    if (this.#leader) {
      this.#leader.again();
      return;
    }
    this.#handlers.onOpen();
    this.#channel?.postMessage({ kind: "tellAgain" } satisfies News);
  };

  /** Holds the lock, and with it the connection, until the stream is left. */
  #lead(left: AbortSignal): Promise<void> {
    this.#leader = new Leader(this.#path, this.#handlers, (news) => {
      this.#channel?.postMessage(news);
      this.#heard(news);
    });
    return new Promise((release) => {
      left.addEventListener("abort", () => release(), { once: true });
    });
  }

  #received(news: News): void {
    if (news.kind !== "tellAgain") this.#heard(news);
    else if (this.#leader) this.#channel?.postMessage(this.#leader.log);
  }

  #heard(news: News): void {
    switch (news.kind) {
      case "events":
        for (const { name, id, data } of news.events) this.#handlers.onEvent(name, id, data);
        break;
      case "opened":
        this.#handlers.onOpen();
        break;
      case "lost":
        this.#handlers.onLost();
        break;
      case "ended":
        this.stop();
        this.#handlers.onEnded();
        break;
      case "tellAgain":
        break;
    }
  }
}

/** The stream at ``path``; where the browser has no locks (no secure context), each tab has its own. */
export function noteStream(
  path: string,
  resume: () => string | null,
  handlers: NoteStreamHandlers,
): NoteStream {
  if ("locks" in navigator && typeof BroadcastChannel !== "undefined")
    return new SharedStream(path, handlers);
  const own = new ReconnectingStream({
    ...handlers,
    url: () => {
      const last = resume();
      return last ? `${path}?last_event_id=${encodeURIComponent(last)}` : path;
    },
  });
  return { start: () => own.start(), stop: () => own.stop(), again: () => own.again() };
}

/** The pure state as a test drives it: one open session, actions on it, and what it shows. */

import assert from "node:assert/strict";
import { eventPosition, streamEvent } from "../src/api/decode.ts";
import type { NoteState } from "../src/state/note.ts";
import { reduce } from "../src/state/reduce.ts";
import { type Action, type AppState, INITIAL, type SessionAction } from "../src/state/state.ts";
import { session } from "./fake/scenes.ts";
import type { FakeEvent, FakeSession } from "./fake/server.ts";

export function opened(id = 1): AppState {
  return reduce(INITIAL, { type: "routed", route: { view: "session", sessionId: id } });
}

export function act(state: AppState, ...actions: readonly SessionAction[]): AppState {
  return actions.reduce(
    (next, action) => reduce(next, { type: "inSession", sessionId: 1, action } satisfies Action),
    state,
  );
}

export function take(state: AppState, event: FakeEvent): AppState {
  const read = streamEvent(event.name, event.data);
  assert.ok(read);
  return act(state, { type: "eventArrived", position: eventPosition(event.id), event: read });
}

export function noteOf(state: AppState): NoteState {
  assert.ok(state.open);
  return state.open.note;
}

export function section(state: AppState, id: string) {
  const found = noteOf(state).sections.find((candidate) => candidate.id === id);
  assert.ok(found, `there is no section ${id}`);
  return found;
}

export function runUntil(
  server: FakeSession,
  state: AppState,
  enough: (state: AppState) => boolean,
): AppState {
  let next = state;
  while (!enough(next)) {
    const event = server.step();
    assert.ok(event, "the generation ended too early");
    next = take(next, event);
  }
  return next;
}

export function finished(server: FakeSession, state: AppState): AppState {
  return runUntil(server, state, (next) => noteOf(next).generation === null && noteOf(next).stored !== null);
}

export function started(): { server: FakeSession; state: AppState } {
  const server = session(1);
  server.generate();
  const state = runUntil(server, opened(), (next) =>
    noteOf(next).sections.some(({ text }) => text.length > 12),
  );
  return { server, state };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import { news } from "../src/state/news.ts";
import { reduce } from "../src/state/reduce.ts";
import { nextSave } from "../src/state/saving.ts";
import type { Action, AppState, SessionAction } from "../src/state/state.ts";
import { act, finished, noteOf, started, take } from "./acting.ts";

/** What is said of each action in turn. */
function told(state: AppState, ...actions: readonly SessionAction[]): { state: AppState; said: string[] } {
  const said: string[] = [];
  let next = state;
  for (const action of actions) {
    const after = act(next, action);
    said.push(news(after, next));
    next = after;
  }
  return { state: next, said };
}

function toldOfAll(state: AppState, ...actions: readonly Action[]): string[] {
  const said: string[] = [];
  let next = state;
  for (const action of actions) {
    const after = reduce(next, action);
    said.push(news(after, next));
    next = after;
  }
  return said;
}

test("signing, unlocking and an addendum are told, also when somebody else does them while one types", () => {
  const { server, state } = started();
  const ready = finished(server, state);
  const arrived = (): SessionAction => ({
    type: "documentArrived",
    document: noteDocument(server.document()),
  });
  const change = (alter: () => void): SessionAction => {
    alter();
    server.version += 1;
    return arrived();
  };
  const typed = act(ready, { type: "edited", section: "plan", text: "Mine." });
  const signed = change(() => {
    server.signedBy = "Dr. Lund";
  });
  const added = change(() => {
    server.addenda.push({ text: "More.", author: "Dr. Lund", created_at: "" });
  });
  const unlocked = change(() => {
    server.signedBy = null;
  });
  assert.deepEqual(told(typed, signed, added, unlocked).said, [
    "The note is signed by Dr. Lund. Your last words came too late and stand beside it.",
    "An addendum was added.",
    "The note is unlocked.",
  ]);
});

test("a suggestion is told when it is whole", () => {
  const { server, state } = started();
  const ready = finished(server, state);
  let next = act(ready, { type: "edited", section: "plan", text: "Mine." });
  const request = nextSave(noteOf(next));
  assert.ok(request);
  server.put(request.texts, server.version);
  next = act(next, { type: "saveStarted", request }, { type: "saveDone", request, version: 2, at: 1 });
  server.generate(["plan"]);
  const said: string[] = [];
  for (let event = server.step(); event; event = server.step()) {
    const after = take(next, event);
    said.push(news(after, next));
    next = after;
  }
  const last = said.pop() ?? "";
  assert.match(last, /^The note is ready\..* The model's version stands beside Plan\.$/);
  assert.ok(said.every((words) => !words.includes("beside")));
});

test("saving is told when it fails and when it is over, and not when all goes well", () => {
  const { server, state } = started();
  const typed = act(finished(server, state), { type: "edited", section: "plan", text: "Mine." });
  const request = nextSave(noteOf(typed));
  assert.ok(request);
  const sent = { type: "saveStarted", request } as const;
  const done = { type: "saveDone", request, version: 9, at: 1 } as const;
  const failed = { type: "saveFailed", reason: "The server cannot be reached." } as const;
  assert.deepEqual(told(typed, sent, done).said, ["", ""]);
  assert.deepEqual(told(typed, sent, failed, sent, failed, sent, done).said, [
    "",
    "Not saved yet: The server cannot be reached.",
    "",
    "",
    "",
    "Your words are saved.",
  ]);
});

test("a connection that is lost in many places is told once, and so is its return", () => {
  const { state } = started();
  const list = (connected: boolean): Action => ({ type: "listConnected", connected });
  const note = (action: SessionAction): Action => ({ type: "inSession", sessionId: 1, action });
  const said = toldOfAll(
    state,
    list(false),
    list(true),
    list(false),
    { type: "wentOffline" },
    note({ type: "streamLost" }),
    { type: "wentOnline" },
    list(true),
    note({ type: "streamOpened" }),
  );
  const lost = "The connection is lost. Your words are kept here and sent as soon as it is back.";
  assert.deepEqual(said, ["", "", lost, "", "", "", "", "The connection is back."]);
});

test("another view is told by its name", () => {
  const { state } = started();
  const said = toldOfAll(state, { type: "routed", route: { view: "patient", patientId: 7 } });
  assert.deepEqual(said, ["Patient 7 is open."]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { UNREACHABLE } from "../src/api/client.ts";
import { eventPosition, noteDocument } from "../src/api/decode.ts";
import { emptyNote, emptySection, isUnsaved } from "../src/state/note.ts";
import { reduce } from "../src/state/reduce.ts";
import { nextSave } from "../src/state/saving.ts";
import { act, finished, noteOf, opened, runUntil, section, started, take } from "./acting.ts";
import { session } from "./fake/scenes.ts";

test("tokens of several sections make the texts that are stored in the end", () => {
  const { server, state } = started();
  const end = finished(server, state);
  for (const { id, text } of server.sections ?? []) {
    assert.equal(section(end, id).text, text.replace(/\{\{RED:(.*?)\}\}/g, "$1"));
    assert.equal(section(end, id).mine, false);
  }
});

test("typing into a section that is being written makes it the person's and the model's text a suggestion", () => {
  const { server, state } = started();
  const typed = act(state, { type: "edited", section: "plan", text: "My own plan." });
  const end = finished(server, typed);
  assert.equal(section(end, "plan").text, "My own plan.");
  assert.match(section(end, "plan").suggestion ?? "", /^Write down one thing/);
  assert.deepEqual(nextSave(noteOf(end))?.texts, { plan: "My own plan." });
});

test("a section emptied by a person while it was written stays empty", () => {
  const { server, state } = started();
  const typed = act(state, { type: "edited", section: "plan", text: "" });
  const end = finished(server, typed);
  assert.equal(section(end, "plan").text, "");
  assert.ok(section(end, "plan").suggestion);
});

test("an event that comes twice changes nothing", () => {
  const { server, state } = started();
  const event = server.log.at(-1);
  assert.ok(event);
  assert.equal(take(state, event), state);
});

test("a missing event asks for a new connection and nothing after it is taken in before that", () => {
  const { server, state } = started();
  server.step();
  const late = server.step();
  assert.ok(late);
  const asked = take(state, late);
  assert.equal(noteOf(asked).resync, "asked");
  assert.deepEqual(noteOf(asked).sections, noteOf(state).sections);
  let again = act(asked, { type: "streamOpened" });
  for (const event of server.after(server.log.at(-3)?.id ?? null)) again = take(again, event);
  assert.equal(noteOf(again).resync, "none");
  assert.equal(noteOf(again).lastEvent?.number, eventPosition(late.id)?.number);
});

test("a number that misses again after a new connection is passed over", () => {
  const { server, state } = started();
  server.step();
  const late = server.step();
  assert.ok(late);
  const again = take(act(take(state, late), { type: "streamOpened" }), late);
  assert.equal(noteOf(again).lastEvent?.number, eventPosition(late.id)?.number);
});

test("a new attempt drops what the model wrote and keeps what a person wrote", () => {
  const { server, state } = started();
  const typed = act(state, { type: "edited", section: "risk", text: "Asked about risk." });
  const event = server.restart();
  assert.ok(event);
  const reset = take(typed, event);
  assert.equal(section(reset, "plan").text, "");
  assert.equal(section(reset, "risk").text, "Asked about risk.");
  assert.equal(section(reset, "risk").suggestion, null);
  assert.equal(section(finished(server, reset), "risk").text, "Asked about risk.");
});

test("a section that is taken back is no new beginning of the note", () => {
  const { server, state } = started();
  const event = server.takeBack("plan");
  assert.ok(event);
  const taken = take(state, event);
  assert.equal(section(taken, "plan").text, "");
  assert.equal(noteOf(taken).generation?.restarts, 0);
  const again = server.restart();
  assert.ok(again);
  assert.equal(noteOf(take(taken, again)).generation?.restarts, 1);
});

test("a failed regeneration brings back what was stored", () => {
  const server = session(1);
  server.generate();
  const first = finished(server, opened());
  server.generate();
  const half = runUntil(
    server,
    first,
    (next) => section(next, "plan").text.length > 0 && noteOf(next).generation !== null,
  );
  const event = server.cancel();
  assert.ok(event);
  const after = take(half, event);
  assert.equal(section(after, "plan").text, section(first, "plan").text);
  assert.equal(noteOf(after).failure?.title, "Cancelled");
});

test("an older document never replaces a newer one", () => {
  const server = session(1);
  server.put({ plan: "One." }, null);
  const old = noteDocument(server.document());
  server.put({ plan: "Two." }, 1);
  const state = act(
    opened(),
    { type: "documentArrived", document: noteDocument(server.document()) },
    { type: "documentArrived", document: old },
  );
  assert.equal(section(state, "plan").text, "Two.");
});

test("two people who change one section see both texts, and taking theirs keeps mine as a version", () => {
  const server = session(1);
  server.put({ plan: "Base." }, null);
  const open = act(opened(), { type: "documentArrived", document: noteDocument(server.document()) });
  const mine = act(open, { type: "edited", section: "plan", text: "Base. Mine." });
  server.put({ plan: "Theirs. Base." }, 1);
  const refused = act(mine, { type: "saveRefused", current: noteDocument(server.document()) });
  assert.deepEqual(section(refused, "plan").conflict, { base: "Base.", theirs: "Theirs. Base." });
  assert.equal(nextSave(noteOf(refused)), null);
  const chosen = act(refused, { type: "conflictResolved", section: "plan", text: "Theirs. Base." });
  assert.deepEqual(nextSave(noteOf(chosen)), { version: 2, texts: { plan: "Base. Mine." }, suggestions: {} });
});

test("a change of somebody else in another section is taken in and the save goes on", () => {
  const server = session(1);
  server.put({ plan: "Plan.", risk: "Risk." }, null);
  const open = act(opened(), { type: "documentArrived", document: noteDocument(server.document()) });
  const mine = act(open, { type: "edited", section: "plan", text: "Plan, longer." });
  server.put({ risk: "Risk, changed." }, 1);
  const refused = act(mine, { type: "saveRefused", current: noteDocument(server.document()) });
  assert.equal(section(refused, "risk").text, "Risk, changed.");
  assert.deepEqual(nextSave(noteOf(refused)), {
    version: 2,
    texts: { plan: "Plan, longer." },
    suggestions: {},
  });
});

test("the echo of a save whose answer was lost is no conflict", () => {
  const server = session(1);
  server.put({ plan: "Base." }, null);
  const open = act(opened(), { type: "documentArrived", document: noteDocument(server.document()) });
  const mine = act(open, { type: "edited", section: "plan", text: "Base. Mine." });
  const request = nextSave(noteOf(mine));
  assert.ok(request);
  const lost = act(mine, { type: "saveStarted", request }, { type: "saveFailed", reason: "no answer" });
  server.put(request.texts, request.version);
  const typed = act(lost, { type: "edited", section: "plan", text: "Base. Mine. More." });
  const refused = act(typed, { type: "saveRefused", current: noteDocument(server.document()) });
  assert.equal(section(refused, "plan").conflict, null);
  assert.deepEqual(nextSave(noteOf(refused)), {
    version: 2,
    texts: { plan: "Base. Mine. More." },
    suggestions: {},
  });
});

test("nothing is saved into a signed note and nothing can be typed there", () => {
  const server = session(1);
  server.put({ plan: "Plan." }, null);
  server.signedBy = "A";
  const open = act(opened(), { type: "documentArrived", document: noteDocument(server.document()) });
  const typed = act(open, { type: "edited", section: "plan", text: "Changed." });
  assert.equal(section(typed, "plan").text, "Plan.");
  assert.equal(nextSave(noteOf(typed)), null);
});

test("a session that was left with unsaved words while it was written comes back with the note as it is by then", () => {
  const { server, state } = started();
  const typed = act(
    state,
    { type: "streamOpened" },
    { type: "edited", section: "risk", text: "Mine." },
    { type: "saveFailed", reason: "away" },
  );
  const left = reduce(typed, { type: "routed", route: { view: "home" } });
  while (server.step());
  const back = act(reduce(left, { type: "routed", route: { view: "session", sessionId: 1 } }), {
    type: "documentArrived",
    document: noteDocument(server.document()),
  });
  assert.equal(noteOf(back).generation, null);
  assert.equal(section(back, "plan").text, server.sections?.find(({ id }) => id === "plan")?.text);
  assert.equal(section(back, "plan").drafting, "no");
  assert.equal(section(back, "risk").text, "Mine.");
  assert.equal(nextSave(noteOf(back))?.texts.risk, "Mine.");
});

test("a section without a person's words has nothing to save", () => {
  assert.equal(isUnsaved({ ...emptySection("plan", "Plan"), text: "model's" }), false);
  assert.equal(nextSave(emptyNote(1)), null);
});

test("why a note is not here yet is told until it is", () => {
  const waiting = act(opened(), { type: "loadFailed", trouble: "The server cannot be reached." });
  assert.equal(waiting.open?.trouble, "The server cannot be reached.");
  assert.equal(noteOf(waiting).loaded, false);
  const transcript = { status: "closed" as const, turns: [] };
  const half = act(waiting, { type: "transcriptArrived", transcript });
  assert.equal(half.open?.trouble, "The server cannot be reached.");
  assert.equal(act(half, { type: "noteMissing", failure: null }).open?.trouble, null);
});

test("why the last attempt left no note is told until there is one", () => {
  const failure = { ...UNREACHABLE, detail: "The session is too short." };
  const opened1 = act(opened(), { type: "noteMissing", failure });
  assert.equal(noteOf(opened1).failure?.detail, "The session is too short.");
  // An answer that knows of no failure does not take away what the stream told.
  assert.equal(noteOf(act(opened1, { type: "noteMissing", failure: null })).failure, failure);
  const server = session(1);
  server.put({ plan: "By hand." }, null);
  const written = act(opened1, { type: "documentArrived", document: noteDocument(server.document()) });
  assert.equal(noteOf(written).failure, null);
});

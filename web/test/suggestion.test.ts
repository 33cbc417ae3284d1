import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import { nextSave } from "../src/state/saving.ts";
import type { AppState } from "../src/state/state.ts";
import { compareTexts, hunksOf, withDeclined, withTaken } from "../src/text/hunks.ts";
import { act, finished, noteOf, runUntil, section, started, take } from "./acting.ts";
import type { FakeSession } from "./fake/server.ts";

/** A note whose plan a person wrote while the model wrote its own, which is a suggestion now. */
function suggested(own: string): { server: FakeSession; state: AppState } {
  const { server, state } = started();
  return { server, state: finished(server, act(state, { type: "edited", section: "plan", text: own })) };
}

/** The stored note comes again, with the model's whole text for the plan as the server keeps it. */
function offeredAgain(server: FakeSession, state: AppState, text: string): AppState {
  server.suggestions.plan = text;
  server.version += 1;
  return act(state, { type: "documentArrived", document: noteDocument(server.document()) });
}

test("accepting a suggestion over unsaved words makes these a version first", () => {
  const { server, state } = started();
  const typed = act(state, { type: "edited", section: "plan", text: "My own plan." });
  const end = finished(server, typed);
  const accepted = act(end, {
    type: "suggestionTaken",
    section: "plan",
    text: section(end, "plan").suggestion ?? "",
  });
  assert.deepEqual(nextSave(noteOf(accepted))?.texts, { plan: "My own plan." });
  const request = nextSave(noteOf(accepted));
  assert.ok(request);
  const saved = act(
    accepted,
    { type: "saveStarted", request },
    { type: "saveDone", request, version: 9, at: 0 },
  );
  assert.match(nextSave(noteOf(saved))?.texts.plan ?? "", /^Write down/);
});

test("a declined suggestion is not offered again", () => {
  const { server, state } = started();
  const end = finished(server, act(state, { type: "edited", section: "plan", text: "Mine." }));
  const declined = act(end, { type: "suggestionDeclined", section: "plan", rest: null });
  server.suggestions.plan = section(end, "plan").suggestion ?? "";
  server.version += 1;
  const later = act(declined, { type: "documentArrived", document: noteDocument(server.document()) });
  assert.equal(section(later, "plan").suggestion, null);
});

test("differences of a suggestion are taken and declined one by one, and none of them comes back", () => {
  const { server, state } = suggested(
    "Write down one thing that went wrong each evening until next Tuesday.",
  );
  const offered = section(state, "plan").suggestion ?? "";
  const parts = compareTexts(section(state, "plan").text, offered);
  const [first, second] = hunksOf(parts);
  assert.ok(first && second);
  const taken = act(state, { type: "suggestionTaken", section: "plan", text: withTaken(parts, first) });
  assert.equal(section(taken, "plan").suggestion, offered);
  const left = compareTexts(section(taken, "plan").text, offered);
  const rest = withDeclined(left, hunksOf(left)[0] ?? second);
  const settled = act(taken, { type: "suggestionDeclined", section: "plan", rest });
  assert.equal(section(settled, "plan").suggestion, null);
  assert.match(section(settled, "plan").text, /went well.*Tuesday\.$/);
  assert.equal(section(offeredAgain(server, settled, offered), "plan").suggestion, null);
});

test("what is left of a suggestion stays when the note is stored and comes back", () => {
  const { server, state } = suggested(
    "Write down one thing that went wrong each evening until next Tuesday.",
  );
  const offered = section(state, "plan").suggestion ?? "";
  const parts = compareTexts(section(state, "plan").text, offered);
  const [first] = hunksOf(parts);
  assert.ok(first);
  const rest = withDeclined(parts, first);
  const declined = act(state, { type: "suggestionDeclined", section: "plan", rest });
  assert.equal(section(offeredAgain(server, declined, offered), "plan").suggestion, rest);
});

test("another text of the model's is offered whatever became of the one before", () => {
  const { server, state } = suggested("My own plan.");
  const declined = act(state, { type: "suggestionDeclined", section: "plan", rest: null });
  assert.equal(section(offeredAgain(server, declined, "A new plan."), "plan").suggestion, "A new plan.");
});

test("a suggestion that was taken out by undo stands beside the text again", () => {
  const { state } = suggested("My own plan.");
  const text = section(state, "plan").suggestion ?? "";
  const taken = act(state, { type: "suggestionTaken", section: "plan", text });
  assert.equal(section(taken, "plan").suggestion, null);
  const undone = act(
    taken,
    { type: "edited", section: "plan", text: "My own plan." },
    { type: "suggestionOffered", section: "plan", text },
  );
  assert.equal(section(undone, "plan").suggestion, text);
});

test("what was declined is stored although no word of the text changed", () => {
  const { server, state } = suggested(
    "Write down one thing that went wrong each evening until next Tuesday.",
  );
  const text = section(state, "plan").text;
  server.put({ plan: text }, null);
  server.suggestions.plan = section(state, "plan").suggestion ?? "";
  const stored = act(state, { type: "documentArrived", document: noteDocument(server.document()) });
  assert.equal(nextSave(noteOf(stored)), null);
  const parts = compareTexts(text, section(stored, "plan").suggestion ?? "");
  const [first] = hunksOf(parts);
  assert.ok(first);
  const rest = withDeclined(parts, first);
  const declined = act(stored, { type: "suggestionDeclined", section: "plan", rest });
  const request = nextSave(noteOf(declined));
  assert.ok(request);
  assert.deepEqual([request.texts, request.suggestions], [{ plan: text }, { plan: rest }]);
  const late = noteDocument(server.document());
  server.put(request.texts, request.version, request.suggestions);
  const saved = act(
    declined,
    { type: "saveStarted", request },
    // Read before the save, it arrives in the middle of it.
    { type: "documentArrived", document: late },
    { type: "saveDone", request, version: server.version, at: 0 },
  );
  assert.equal(section(saved, "plan").suggestion, rest);
  assert.equal(nextSave(noteOf(saved)), null);
  // Another page, or this one loaded again, offers what is left.
  assert.equal(server.suggestions.plan, rest);
  const again = act(saved, { type: "documentArrived", document: noteDocument(server.document()) });
  assert.equal(section(again, "plan").suggestion, rest);
});

/** A note with a suggestion for the plan that the server holds, as another generation begins to write one. */
function suggestedAgain(): { server: FakeSession; state: AppState; old: string } {
  const { server, state } = suggested("My own plan.");
  server.put({ plan: "My own plan." }, null);
  const old = "Write down what went well.";
  const offered = offeredAgain(server, state, old);
  assert.equal(section(offered, "plan").suggestion, old);
  server.generate();
  const begun = runUntil(server, offered, (next) => {
    const words = section(next, "plan").suggestion ?? "";
    return words !== old && words.split(" ").length > 3;
  });
  return { server, state: begun, old };
}

test("half a suggestion is not stored in place of the one that is open", () => {
  const { server, state, old } = suggestedAgain();
  const typed = act(state, { type: "edited", section: "plan", text: "My own plan. And more." });
  assert.deepEqual(nextSave(noteOf(typed))?.suggestions, { plan: old });
  const event = server.cancel();
  assert.ok(event);
  assert.equal(section(take(typed, event), "plan").suggestion, old);
});

test("half a suggestion does not stand as a whole one after a generation that was not watched to its end", () => {
  const { server, state, old } = suggestedAgain();
  server.cancel();
  const away = act(state, { type: "streamEnded" });
  const back = act(away, { type: "documentArrived", document: noteDocument(server.document()) });
  assert.equal(noteOf(back).generation, null);
  assert.equal(section(back, "plan").suggestion, old);
});

test("what was declined before the next suggestion begins is stored once", () => {
  const { server, state } = suggested("My own plan.");
  server.put({ plan: "My own plan." }, null);
  const offered = offeredAgain(server, state, "Write down what went well.");
  server.generate();
  const declined = act(
    offered,
    { type: "generationRequested", sections: null, format: null, force: false },
    { type: "suggestionDeclined", section: "plan", rest: null },
  );
  const begun = runUntil(server, declined, (next) => section(next, "plan").drafted.length > 8);
  const request = nextSave(noteOf(begun));
  assert.deepEqual(request?.suggestions, {});
  const version = noteOf(begun).stored?.version ?? 0;
  const saved = act(
    begun,
    { type: "saveStarted", request },
    { type: "saveDone", request, version: version + 1, at: 0 },
  );
  assert.equal(nextSave(noteOf(saved)), null);
});

test("a suggestion that was settled on another page goes here too", () => {
  const { server, state } = suggested("My own plan.");
  server.put({ plan: "My own plan." }, null);
  const offered = offeredAgain(server, state, "Write down what went well.");
  server.put({ plan: "My own plan." }, null);
  const later = act(offered, { type: "documentArrived", document: noteDocument(server.document()) });
  assert.equal(section(later, "plan").suggestion, null);
});

test("a suggestion that undo brought back here stays when its taking is stored", () => {
  const { server, state } = suggested("My own plan.");
  server.put({ plan: "My own plan." }, null);
  const text = "Write down what went well.";
  const offered = offeredAgain(server, state, text);
  const taken = act(offered, { type: "suggestionTaken", section: "plan", text });
  const request = nextSave(noteOf(taken));
  assert.ok(request);
  server.put(request.texts, request.version, request.suggestions);
  const undone = act(
    taken,
    { type: "saveStarted", request },
    { type: "edited", section: "plan", text: "My own plan." },
    { type: "suggestionOffered", section: "plan", text },
    { type: "saveDone", request, version: server.version, at: 0 },
    { type: "documentArrived", document: noteDocument(server.document()) },
  );
  assert.equal(section(undone, "plan").suggestion, text);
});

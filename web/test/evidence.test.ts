import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import type { AppState, Evidence } from "../src/state/state.ts";
import { trustWords } from "../src/text/origin.ts";
import { act, finished, noteOf, section, started } from "./acting.ts";
import type { FakeSession } from "./fake/server.ts";

/** A note with the source of the plan's first sentence shown. */
function looking(): { server: FakeSession; state: AppState; evidence: Evidence } {
  const { server, state } = started();
  const end = finished(server, state);
  const [first] = section(end, "plan").sentences;
  assert.ok(first);
  const { text: sentence, turns, supported } = first;
  const evidence = { section: "plan", sentence, turns, supported };
  return { server, state: act(end, { type: "evidenceShown", evidence }), evidence };
}

function typed(state: AppState, text: string): AppState {
  return act(state, { type: "edited", section: "plan", text });
}

test("the source of a sentence stays while other words are typed, and goes with its own", () => {
  const { state, evidence } = looking();
  const { text } = section(state, "plan");
  const more = typed(state, `${text} And more.`);
  assert.equal(more.open?.evidence, evidence);
  assert.equal(typed(more, `They ${text}`.replace("They W", "They w")).open?.evidence, null);
});

test("the source of a sentence goes when the server reads it as another one", () => {
  const { server, state, evidence } = looking();
  const begun = typed(state, `${evidence.sentence}, and more.`);
  server.put({ plan: `${evidence.sentence}, and more.` }, null);
  const stored = act(begun, { type: "documentArrived", document: noteDocument(server.document()) });
  assert.equal(stored.open?.evidence, null);
});

test("what the server finds out about the sentence that is looked at is shown", () => {
  const { server, state } = looking();
  const document = noteDocument(server.document());
  const sections = document.sections.map((one) => ({
    ...one,
    sentences: one.sentences.map((sentence) => ({ ...sentence, turns: [2], supported: false })),
  }));
  const later = act(state, { type: "documentArrived", document: { ...document, sections } });
  assert.deepEqual([later.open?.evidence?.turns, later.open?.evidence?.supported], [[2], false]);
});

test("a note without a sentence is not said to have sources", () => {
  const { state } = looking();
  const note = noteOf(state);
  assert.ok(note.stored);
  assert.match(trustWords(note, note.stored), /source/);
  const empty = { ...note, sections: note.sections.map((one) => ({ ...one, sentences: [] })) };
  assert.doesNotMatch(trustWords(empty, note.stored), /source/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import type { NoteDocument } from "../src/api/types.ts";
import { reduce } from "../src/state/reduce.ts";
import { nextSave } from "../src/state/saving.ts";
import { whyNotToSign } from "../src/state/signing.ts";
import type { AppState } from "../src/state/state.ts";
import { act, noteOf, opened, section } from "./acting.ts";
import { session } from "./fake/scenes.ts";

const FORMATS = [
  { id: "progress", name: "Progress", sections: [{ id: "plan", heading: "Plan" }] },
  { id: "brief", name: "Brief", sections: [{ id: "course", heading: "Course" }] },
];

function withFormats(state: AppState): AppState {
  return reduce(state, {
    type: "formatsArrived",
    formats: FORMATS,
    defaultFormat: "progress",
    options: [],
  });
}

function documentOf(format: string, id: string, version: number): NoteDocument {
  const server = session(1);
  server.sections = [{ id, heading: id, text: "Stored.", author: "ai" }];
  server.version = version;
  return noteDocument({ ...server.document(), format });
}

function typedBeforeTheFormatChanged(): AppState {
  const known = act(withFormats(opened()), {
    type: "documentArrived",
    document: documentOf("progress", "plan", 1),
  });
  return act(known, { type: "edited", section: "plan", text: "Stored. Mine." });
}

const changed = { type: "documentArrived", document: documentOf("brief", "course", 2) } as const;

test("unsaved words for a section that a change of format took away stand beside the note and hold nothing up", () => {
  const state = act(typedBeforeTheFormatChanged(), changed);
  assert.equal(section(state, "plan").late, "Stored. Mine.");
  assert.equal(nextSave(noteOf(state)), null);
  assert.equal(whyNotToSign(noteOf(state), noteOf(state)), null);

  const more = act(state, { type: "edited", section: "course", text: "Stored. More." });
  assert.deepEqual(nextSave(noteOf(more))?.texts, { course: "Stored. More." });
  // Nobody writes on where nothing can be stored, and what is taken elsewhere leaves no empty place.
  assert.equal(section(act(more, { type: "edited", section: "plan", text: "k" }), "plan").text, "");
  const dropped = act(more, { type: "lateWordsDropped", section: "plan" });
  assert.deepEqual(
    noteOf(dropped).sections.map(({ id }) => id),
    ["summary", "course"],
  );
});

test("the same holds for a session that was left with them, and for words that come back later", () => {
  const left = reduce(typedBeforeTheFormatChanged(), { type: "routed", route: { view: "home" } });
  const parked = act(left, changed).parked.get(1);
  assert.ok(parked);
  assert.equal(nextSave(parked.note), null);

  const state = act(withFormats(opened()), changed);
  const words = { id: "plan", heading: "Plan", base: "", text: "Mine.", owed: [], late: null };
  const back = reduce(state, { type: "wordsRecovered", session: 1, words: [words] });
  assert.equal(section(back, "plan").late, "Mine.");
  assert.equal(nextSave(noteOf(back)), null);
});

test("while another version is on its way nobody knows which sections it has, and words wait in their place", () => {
  const writing = { ...documentOf("progress", "plan", 1), generation: { id: "g", state: "queued" } };
  const state = act(withFormats(opened()), { type: "documentArrived", document: writing });
  const words = { id: "course", heading: "Course", base: "", text: "Mine.", owed: [], late: null };
  const back = reduce(state, { type: "wordsRecovered", session: 1, words: [words] });
  assert.equal(section(back, "course").late, null);
  const written = act(back, changed);
  assert.equal(section(written, "course").text, "Mine.");
  assert.equal(section(written, "course").late, null);
});

test("the words have a place again when the format does", () => {
  const state = act(typedBeforeTheFormatChanged(), changed);
  const again = act(state, { type: "documentArrived", document: documentOf("progress", "plan", 3) });
  assert.equal(section(again, "plan").text, "Stored.");
  assert.equal(section(again, "plan").late, "Stored. Mine.");
  const typed = act(again, { type: "edited", section: "plan", text: "Stored. New." });
  assert.deepEqual(nextSave(noteOf(typed))?.texts, { plan: "Stored. New." });
});

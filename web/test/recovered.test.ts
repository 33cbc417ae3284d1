import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import { type KeptWords, wordsToKeep } from "../src/keep/words.ts";
import { reduce } from "../src/state/reduce.ts";
import { nextSave } from "../src/state/saving.ts";
import type { AppState } from "../src/state/state.ts";
import { act, finished, noteOf, opened, section, started } from "./acting.ts";
import { session } from "./fake/scenes.ts";
import type { FakeSession } from "./fake/server.ts";

function left(base: string, text: string, owed: readonly string[] = []): KeptWords {
  return { id: "plan", heading: "Plan", base, text, owed, late: null };
}

function withWords(state: AppState, ...words: readonly KeptWords[]): AppState {
  return reduce(state, { type: "wordsRecovered", session: 1, words });
}

function loaded(state: AppState, server: FakeSession): AppState {
  return act(state, { type: "documentArrived", document: noteDocument(server.document()) });
}

function stored(text: string): { server: FakeSession; state: AppState } {
  const server = session(1);
  server.put({ plan: text }, null);
  return { server, state: loaded(opened(), server) };
}

test("words of a page that went are in the open note and the next to be saved", () => {
  const { state } = stored("Agreed.");
  const back = withWords(state, left("Agreed.", "Agreed. Left."));
  assert.equal(section(back, "plan").text, "Agreed. Left.");
  assert.deepEqual(nextSave(noteOf(back)), {
    version: 1,
    texts: { plan: "Agreed. Left." },
    suggestions: {},
  });
});

test("words that grew from an older text stand against the newer one and replace nothing", () => {
  const { state } = stored("Theirs. Agreed.");
  const back = withWords(state, left("Agreed.", "Agreed. Left."));
  assert.deepEqual(section(back, "plan").conflict, { base: "Agreed.", theirs: "Theirs. Agreed." });
  assert.equal(section(back, "plan").text, "Agreed. Left.");
  assert.equal(nextSave(noteOf(back)), null);
});

test("a choice between two texts that nobody made is still to be made after the page was opened anew", () => {
  const { server, state } = stored("Agreed.");
  const mine = act(state, { type: "edited", section: "plan", text: "Agreed. Mine." });
  server.put({ plan: "Agreed. Theirs." }, 1);
  const kept = wordsToKeep(noteOf(loaded(mine, server)));
  const conflict = { base: "Agreed.", theirs: "Agreed. Theirs." };
  for (const back of [
    withWords(loaded(opened(), server), ...kept),
    loaded(withWords(opened(), ...kept), server),
  ]) {
    assert.deepEqual(section(back, "plan").conflict, conflict);
    assert.equal(section(back, "plan").text, "Agreed. Mine.");
    assert.equal(nextSave(noteOf(back)), null);
  }
});

test("words that the server has by now change nothing", () => {
  const { state } = stored("Agreed. Left.");
  const back = withWords(state, left("Agreed.", "Agreed. Left."));
  assert.deepEqual(section(back, "plan"), section(state, "plan"));
});

test("words beside those that are typed here become a version before them", () => {
  const { state } = stored("Agreed.");
  const typed = act(state, { type: "edited", section: "plan", text: "Agreed. Typed." });
  const back = withWords(typed, left("Agreed.", "Agreed. Left."));
  assert.equal(section(back, "plan").text, "Agreed. Typed.");
  assert.deepEqual(section(back, "plan").owed, ["Agreed. Left."]);
});

test("the same words found twice are one", () => {
  const words = left("Agreed.", "Agreed. Left.");
  assert.deepEqual(section(withWords(opened(), words, words), "plan").owed, []);
});

test("a text that was emptied comes back empty and not as nothing", () => {
  const server = session(1);
  server.put({ plan: "Agreed." }, null);
  const back = loaded(withWords(opened(), left("Agreed.", "")), server);
  assert.deepEqual(nextSave(noteOf(back))?.texts, { plan: "" });
});

test("words that come back after the note was signed stand beside it", () => {
  const server = session(1);
  server.put({ plan: "Agreed." }, null);
  server.signedBy = "A";
  const back = withWords(loaded(opened(), server), left("Agreed.", "Agreed. Left."));
  assert.equal(section(back, "plan").text, "Agreed.");
  assert.equal(section(back, "plan").late, "Agreed. Left.");
});

test("words for a section that is being written take it as typed ones do, and the draft stands beside them", () => {
  const { server, state } = started();
  const back = withWords(state, left("", "Left."));
  const end = finished(server, back);
  assert.equal(section(end, "plan").text, "Left.");
  assert.match(section(end, "plan").suggestion ?? "", /^Write down one thing/);
  assert.deepEqual(nextSave(noteOf(end))?.texts, { plan: "Left." });
});

test("every word that was owed stands beside a note that was signed, also of a section that it does not have", () => {
  const server = session(1);
  server.put({ plan: "Agreed." }, null);
  server.signedBy = "A";
  const goals = { id: "goals", heading: "Goals", base: "", text: "A goal.", owed: [], late: null };
  const words = [left("Agreed.", "Agreed. Left.", ["Owed."]), goals];
  const meets = loaded(withWords(opened(), ...words), server);
  const met = loaded(withWords(loaded(opened(), server), ...words), server);
  for (const state of [meets, met]) {
    assert.equal(section(state, "plan").late, "Owed.\n\nAgreed. Left.");
    assert.equal(section(state, "goals").late, "A goal.");
    // The next document, and words that are found twice, change nothing of that.
    const again = loaded(withWords(state, ...words), server);
    assert.equal(section(again, "plan").late, "Owed.\n\nAgreed. Left.");
    assert.equal(section(again, "goals").late, "A goal.");
  }
});

test("words that were too late replace nothing when the note is unlocked", () => {
  const server = session(1);
  server.put({ plan: "Agreed." }, null);
  const mine = act(loaded(opened(), server), { type: "edited", section: "plan", text: "Agreed. X" });
  server.put({ plan: "Agreed. Y" }, 1);
  server.signedBy = "A";
  const late = wordsToKeep(noteOf(loaded(mine, server)));
  server.signedBy = null;
  for (const back of [
    withWords(loaded(opened(), server), ...late),
    loaded(withWords(opened(), ...late), server),
  ]) {
    assert.equal(section(back, "plan").text, "Agreed. Y");
    assert.equal(section(back, "plan").late, "Agreed. X");
    assert.equal(nextSave(noteOf(back)), null);
  }
});

test("a key that grew from an older text does not take the place of words that came meanwhile", () => {
  const { server, state } = stored("Agreed.");
  const back = withWords(state, left("Agreed.", "Agreed. Left."));
  const typed = act(back, { type: "edited", section: "plan", text: "Agreed. k", from: "Agreed." });
  assert.equal(section(typed, "plan").text, "Agreed. k");
  assert.deepEqual(section(typed, "plan").owed, ["Agreed. Left."]);

  server.put({ plan: "Theirs." }, 1);
  const theirs = loaded(state, server);
  const conflict = act(theirs, { type: "edited", section: "plan", text: "Agreed. k", from: "Agreed." });
  assert.deepEqual(section(conflict, "plan").conflict, { base: "Agreed.", theirs: "Theirs." });
});

test("a key that overtakes a token of the draft makes no version of half a draft", () => {
  const { state } = started();
  const written = noteOf(state).sections.find(({ text }) => text.length > 12);
  assert.ok(written);
  const owing = withWords(state, { ...left("", ""), id: written.id, owed: ["Owed."] });
  const asked = act(owing, {
    type: "edited",
    section: written.id,
    text: "k",
    from: written.text.slice(0, 5),
  });
  assert.deepEqual(section(asked, written.id).owed, ["Owed."]);
});

test("no words are no session with unsaved words", () => {
  const back = withWords(opened(2), left("", ""));
  assert.equal(back.parked.size, 0);
});

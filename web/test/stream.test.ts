import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseAfter } from "../src/api/events.ts";
import { completeEvents } from "../src/api/posted_events.ts";
import type { SessionItem, SessionStatus } from "../src/api/types.ts";
import { smallestChange } from "../src/editor/change.ts";
import { emptyNote } from "../src/state/note.ts";
import {
  foundWords,
  lookedThrough,
  NO_SESSIONS,
  sought,
  visibleSessions,
  withItems,
} from "../src/state/sessions.ts";
import { startedGeneration } from "../src/state/stream.ts";
import { progressWords } from "../src/text/progress.ts";
import { chance } from "./random.ts";

function item(id: number, status: SessionStatus, updatedAt: string, date = "2026-11-20"): SessionItem {
  return {
    id,
    patientId: 7,
    number: id,
    date,
    status,
    turns: 1,
    updatedAt,
    noteVersion: null,
    reading: null,
  };
}

test("events that come in any pieces are the same events", () => {
  const whole =
    'id: 1\nevent: section\ndata: {"section":"plan"}\n\n: alive\n\nevent: token\r\ndata: {"text":"a\\nb"}\r\n\r\n';
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const first = completeEvents(whole.slice(0, cut));
    const second = completeEvents(first.rest + whole.slice(cut));
    assert.deepEqual(
      [...first.events, ...second.events],
      [
        { name: "section", data: { section: "plan" } },
        { name: "token", data: { text: "a\nb" } },
      ],
      `cut at ${cut}`,
    );
  }
});

test("the pause before a new connection grows and has an end", () => {
  assert.ok(pauseAfter(1, 0) < 300);
  assert.ok(pauseAfter(3, 0.5) > pauseAfter(1, 0.5));
  assert.ok(pauseAfter(40, 0.999) < 7000);
});

test("an older state of a session never replaces a newer one in the list", () => {
  const state = withItems(withItems(NO_SESSIONS, [item(1, "draft", "2")]), [item(1, "writing", "1")]);
  assert.equal(state.items.get(1)?.status, "draft");
});

test("the list shows what happens now first and finds words of every part of an entry", () => {
  const state = withItems(NO_SESSIONS, [
    item(1, "signed", "1", "2026-11-22"),
    item(2, "live", "1", "2026-11-01"),
    item(3, "writing", "1", "2026-11-01"),
  ]);
  assert.deepEqual(
    visibleSessions(state).map(({ id }) => id),
    [3, 2, 1],
  );
  assert.deepEqual(
    visibleSessions({ ...state, query: "patient 7 signed" }).map(({ id }) => id),
    [1],
  );
  const timed = withItems(NO_SESSIONS, [item(4, "signed", "1", "2026-11-22T09:30:45.999000+00:00")]);
  assert.equal(visibleSessions({ ...timed, query: "22 nov" }).length, 1);
  assert.equal(visibleSessions({ ...timed, query: "999" }).length, 0);
});

test("what was not looked through is not said to hold nothing", () => {
  const newest = { ...withItems(NO_SESSIONS, [item(1, "signed", "1")]), loaded: true, cursor: "older" };
  const asked = { query: "patient 9", status: "all" as const };
  const looking = sought(newest, asked);
  assert.equal(foundWords(looking, 0), "Looking through older sessions…");
  const some = lookedThrough(looking, asked, false);
  assert.equal(foundWords(some, 0), "No session matches among the 1 session that were looked through.");
  assert.equal(foundWords(lookedThrough(looking, asked, true), 0), "No session matches.");
  // What was looked through for something else says nothing of this.
  assert.equal(lookedThrough(looking, { ...asked, query: "patient 8" }, true), looking);
  assert.equal(foundWords(sought({ ...newest, cursor: null }, asked), 0), "No session matches.");
});

test("progress is told in words: the place in the queue, what is read, the speed and what is left", () => {
  const words = (change: object) =>
    progressWords({ ...emptyNote(1), generation: { ...startedGeneration(), ...change } });
  assert.equal(words({ queuePosition: 1 })?.detail, "");
  assert.match(words({ queuePosition: 3 })?.detail ?? "", /2 ahead/);
  assert.equal(words({ phase: "prefill", prefillDone: 64, prefillTotal: 128 })?.done, 0.5);
  assert.match(
    words({ phase: "generating", tokensPerSecond: 41.6, etaSeconds: 5 })?.detail ?? "",
    /42 tokens\/s · about 5 seconds left/,
  );
  assert.equal(progressWords(emptyNote(1)), null);
});

test("the smallest change between two texts makes one into the other", () => {
  const random = chance(7);
  const text = () =>
    Array.from({ length: Math.floor(random() * 12) }, () => "ab"[Math.floor(random() * 2)]).join("");
  for (let round = 0; round < 500; round += 1) {
    const [before, after] = [text(), text()];
    const { from, to, insert } = smallestChange(before, after);
    assert.equal(before.slice(0, from) + insert + before.slice(to), after);
  }
});

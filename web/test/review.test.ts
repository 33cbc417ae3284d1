import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionItem } from "../src/api/decode.ts";
import { liveWords } from "../src/text/progress.ts";
import { nextStop } from "../src/view/review.ts";

const ORDER = ["summary", "risk", "plan"];
const STOPS = [
  { section: "summary", place: 40 },
  { section: "plan", place: 0 },
  { section: "plan", place: 90 },
];

test("stops are gone through in the order of the note, round and round", () => {
  let last = null;
  const visited = [];
  for (let step = 0; step < 4; step += 1) {
    last = nextStop(STOPS, ORDER, last);
    visited.push(last);
  }
  assert.deepEqual(visited, [...STOPS, STOPS[0]]);
});

test("a stop that is gone by now leads to the one after its place", () => {
  assert.deepEqual(nextStop(STOPS, ORDER, { section: "risk", place: 12 }), STOPS[1]);
  assert.equal(nextStop([], ORDER, STOPS[0] ?? null), null);
});

function item(change: object) {
  return sessionItem({ id: 1, status: "live", session_status: "live", reading: null, ...change });
}

test("a session that is being spoken stays live when somebody writes into its note", () => {
  const reading = { done: 5, total: 5, reducing: false };
  assert.equal(item({ status: "edited", reading }).status, "live");
  assert.equal(item({ status: "signed", reading }).status, "signed");
  assert.equal(item({ status: "edited" }).status, "edited");
  assert.equal(item({ status: "edited", session_status: "closed", reading }).status, "edited");
});

test("how far a live session is read is told in words, and what is not known is not claimed", () => {
  const words = (reading: object | null) => liveWords(item({ reading }), null);
  assert.match(words({ done: 99, total: 200 }).detail, /49%/);
  assert.match(words({ done: 199, total: 200 }).detail, /99%/);
  assert.match(words({ done: 200, total: 200 }).detail, /all that was said/);
  assert.equal(words(null).done, null);
  assert.doesNotMatch(words({ done: 200, total: 200, reducing: true }).detail, /all/);
});

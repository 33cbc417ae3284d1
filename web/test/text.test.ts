import assert from "node:assert/strict";
import { test } from "node:test";
import { wordDiff } from "../src/text/diff.ts";
import { riskSpans, withoutMarkers } from "../src/text/markers.ts";
import { mergeTexts } from "../src/text/merge.ts";
import { fallbackWords, overviewWords } from "../src/text/origin.ts";
import { placeSentences } from "../src/text/sentences.ts";
import { clock, turnNumbers } from "../src/text/words.ts";
import { chance, pick } from "./random.ts";

const WORDS = ["sleep", "worry", "the", "patient", "walks", "daily", "and", "\n\n"];

function someText(random: () => number, length: number): string {
  return Array.from({ length }, () => pick(random, WORDS)).join(" ");
}

function changed(random: () => number, text: string, mark: string): string {
  const words = text.split(" ");
  for (let edits = 0; edits < 3; edits += 1) {
    const at = Math.floor(random() * (words.length + 1));
    words.splice(at, random() < 0.4 ? 1 : 0, `${mark}${edits}`);
  }
  return words.join(" ");
}

test("an overview says what it is taken from, and names no model, which none was asked", () => {
  assert.match(overviewWords(1), /^Over 1 session · Taken from the notes/);
  assert.match(overviewWords(3), /^Over 3 sessions · /);
  assert.doesNotMatch(overviewWords(3), /model/i);
});

test("a note that rules wrote in part does not say that they wrote it all", () => {
  const model = { name: "m", adapter: null };
  assert.equal(fallbackWords({ fallback: false, model }), "");
  assert.match(fallbackWords({ fallback: true, model: null }), /no usable note/);
  assert.match(fallbackWords({ fallback: true, model }), /a part of this note/);
});

test("a difference holds both texts whole", () => {
  const random = chance(1);
  for (let round = 0; round < 300; round += 1) {
    const before = someText(random, 1 + Math.floor(random() * 30));
    const after = changed(random, before, "x");
    const pieces = wordDiff(before, after);
    const of = (...kinds: string[]) =>
      pieces
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ text }) => text)
        .join("");
    assert.equal(of("same", "removed"), before);
    assert.equal(of("same", "added"), after);
  }
});

test("a merge holds every word that either person wrote", () => {
  const random = chance(2);
  for (let round = 0; round < 300; round += 1) {
    const base = someText(random, Math.floor(random() * 30));
    const mine = changed(random, base, "mine");
    const theirs = changed(random, base, "theirs");
    const merged = mergeTexts(base, mine, theirs).split(/\s+/);
    for (const word of [...mine.split(/\s+/), ...theirs.split(/\s+/)]) {
      if (/^(mine|theirs)\d$/.test(word)) assert.ok(merged.includes(word), `${word} is missing`);
    }
  }
});

test("changes in different places are merged without a doubled word", () => {
  const base = "The patient sleeps badly. A walk helped a little.";
  const mine = "The patient sleeps very badly. A walk helped a little.";
  const theirs = "The patient sleeps badly. A walk helped a little. Next session on Tuesday.";
  assert.equal(
    mergeTexts(base, mine, theirs),
    "The patient sleeps very badly. A walk helped a little. Next session on Tuesday.",
  );
});

test("a text of ten thousand words is compared without a table of all pairs", () => {
  const random = chance(3);
  const text = (mark: string) =>
    Array.from({ length: 10_000 }, () => `${mark}${Math.floor(random() * 9)}`).join(" ");
  const pieces = wordDiff(text("a"), text("b"));
  assert.deepEqual(new Set(pieces.map(({ kind }) => kind)), new Set(["removed", "added"]));
});

test("every spelling of the risk marker is taken off and the word stays", () => {
  const spellings = [
    "{{RED:suicide}}",
    "{{RED}}suicide{{/RED}}",
    "{{RED}}suicide{{/REDC}}",
    "{{red:suicide}}",
  ];
  for (const spelling of spellings) assert.equal(withoutMarkers(`Denies ${spelling}.`), "Denies suicide.");
});

test("risk words and their inflections are found, and words that only begin like them are not", () => {
  const words = (text: string) => riskSpans(text).map(({ from, to }) => text.slice(from, to));
  assert.deepEqual(words("Suicidal thoughts, self harm and an overdose; she hurt herself."), [
    "Suicidal",
    "self harm",
    "overdose",
    "hurt herself",
  ]);
  assert.deepEqual(words("A skilled killjoy of disabuse"), []);
});

test("a sentence is placed where its words still stand and left out where they changed", () => {
  const sentence = (text: string) => ({ text, turns: [1], supported: true });
  const placed = placeSentences("One. Twoo. One.", [sentence("One."), sentence("Two."), sentence("One.")]);
  assert.deepEqual(
    placed.map(({ from, to }) => [from, to]),
    [
      [0, 4],
      [11, 15],
    ],
  );
});

test("turns are counted from one and runs of them are drawn together", () => {
  assert.equal(turnNumbers([4, 0, 1, 2, 2]), "1–3, 5");
  assert.equal(clock(3725), "1:02:05");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { compareTexts, hunksOf, likeness, withDeclined, withTaken } from "../src/text/hunks.ts";
import { chance, pick } from "./random.ts";

const WORDS = ["sleep", "worry", "the", "patient", "walks", "daily", "and", "\n\n"];

function texts(seed: number): [string, string] {
  const random = chance(seed);
  const words = (): string[] => Array.from({ length: Math.floor(random() * 40) }, () => pick(random, WORDS));
  const mine = words();
  if (random() < 0.3) return [mine.join(" "), words().join(" ")];
  const theirs = mine.flatMap((word) =>
    random() < 0.15 ? pick(random, [[], [word, `new${seed}`], ["other"]]) : [word],
  );
  return [mine.join(" "), theirs.join(" ")];
}

test("what is the same and what differs make both texts whole", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const [mine, theirs] = texts(seed);
    const parts = compareTexts(mine, theirs);
    const side = (name: "mine" | "theirs"): string =>
      parts.map((part) => ("same" in part ? part.same : part[name])).join("");
    assert.equal(side("mine"), mine);
    assert.equal(side("theirs"), theirs);
  }
});

test("differences taken or declined one by one, in any order, settle into one text", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    let [mine, theirs] = texts(seed);
    const [own, offered] = [mine, theirs];
    const random = chance(5000 + seed);
    const [taken, declined] = [new Set<string>(), new Set<string>()];
    for (let step = 0; mine !== theirs; step += 1) {
      assert.ok(step < 100, `seed ${seed} does not settle`);
      const parts = compareTexts(mine, theirs);
      const hunk = pick(random, hunksOf(parts));
      if (random() < 0.5) {
        mine = withTaken(parts, hunk);
        taken.add(hunk.theirs);
      } else {
        theirs = withDeclined(parts, hunk);
        declined.add(hunk.mine);
      }
    }
    if (taken.size === 0) assert.equal(mine, own);
    if (declined.size === 0) assert.equal(mine, offered);
  }
});

test("differences close together are one choice, those apart are two", () => {
  const mine = "The patient sleeps badly now. A short walk before breakfast helped.";
  const near = compareTexts(mine, "The client sleeps well now. A short walk before breakfast helped.");
  assert.deepEqual(hunksOf(near), [{ mine: "patient sleeps badly", theirs: "client sleeps well" }]);
  const apart = compareTexts(mine, "The client sleeps badly now. A short walk before breakfast helps.");
  assert.equal(hunksOf(apart).length, 2);
});

test("texts that share nothing are one difference", () => {
  const parts = compareTexts("Breathing twice a day.", "Keep the sleep diary until Tuesday.");
  assert.equal(hunksOf(parts).length, 1);
  assert.equal(likeness(parts), 0);
  assert.equal(likeness(compareTexts("a b c d", "a b c d e")), 1);
});

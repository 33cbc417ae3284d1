import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import { whyNotToSign } from "../src/state/signing.ts";
import { plainNote } from "../src/text/plain.ts";
import { act, finished, noteOf, started } from "./acting.ts";

test("a signature goes only under stored words that the person has before them", () => {
  const { server, state } = started();
  const read = finished(server, state);
  assert.equal(whyNotToSign(noteOf(read), noteOf(read)), null);

  const typed = act(read, { type: "edited", section: "plan", text: "Mine." });
  assert.match(whyNotToSign(noteOf(typed), noteOf(typed)) ?? "", /not stored yet/);
  const failed = act(typed, { type: "saveFailed", reason: "The server cannot be reached." });
  assert.match(whyNotToSign(noteOf(failed), noteOf(failed)) ?? "", /cannot be reached/);

  server.put({ plan: "Theirs." }, null);
  const theirs = noteDocument(server.document());
  const torn = act(typed, { type: "documentArrived", document: theirs });
  assert.match(whyNotToSign(noteOf(torn), noteOf(torn)) ?? "", /choose between the texts/);
  const changed = act(read, { type: "documentArrived", document: theirs });
  assert.match(whyNotToSign(noteOf(changed), noteOf(read)) ?? "", /read it again/);
  assert.equal(whyNotToSign(noteOf(changed), noteOf(changed)), null);
});

test("a copy says in one line what nobody answers for", () => {
  const { server, state } = started();
  const { sections, stored } = noteOf(finished(server, state));
  assert.ok(stored);
  const copied = (change: object) =>
    plainNote(
      sections,
      { ...stored, demonstration: false, ...change },
      { headings: true, summary: true, addenda: true },
    ).split("\n")[0];
  assert.equal(copied({}), "[AI draft, not reviewed]");
  assert.equal(copied({ status: "edited" }), "[Edited, not signed]");
  assert.equal(copied({ status: "signed", signedBy: "A" }), sections[0]?.heading);
  assert.match(copied({ status: "signed", demonstration: true }) ?? "", /^\[Demonstration model/);
});

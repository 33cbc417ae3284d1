import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import { whyNotToSign } from "../src/state/signing.ts";
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

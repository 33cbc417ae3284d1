import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { noteDocument } from "../src/api/decode.ts";
import { Autosave } from "../src/effects/save.ts";
import { Store } from "../src/store.ts";
import { session } from "./fake/scenes.ts";

Object.assign(globalThis, { window: globalThis, document: { hidden: true } });

interface Sent {
  readonly body: string;
  readonly answer: (response: Response) => void;
}

/** Requests that nobody answers unless the test does. */
function silentServer(): readonly Sent[] {
  const sent: Sent[] = [];
  globalThis.fetch = (_path, init) =>
    new Promise((resolve, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      sent.push({ body: String(init?.body), answer: resolve });
    });
  return sent;
}

/** Lets what waits for nothing but its turn go on. */
async function turn(): Promise<void> {
  for (let step = 0; step < 20; step += 1) await Promise.resolve();
}

async function pass(milliseconds: number): Promise<void> {
  for (let done = 0; done < milliseconds; done += 100) {
    mock.timers.tick(100);
    await turn();
  }
}

function typed(): { store: Store; autosave: Autosave } {
  const server = session(1);
  server.put({ plan: "Base." }, null);
  const store = new Store();
  const autosave = new Autosave(store, async () => {});
  store.dispatch({ type: "routed", route: { view: "session", sessionId: 1 } });
  store.inSession(1, { type: "documentArrived", document: noteDocument(server.document()) });
  store.inSession(1, { type: "edited", section: "plan", text: "Base. Mine." });
  return { store, autosave };
}

test("a save without an answer holds up neither the next one nor who waits for it", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = silentServer();
  const { store, autosave } = typed();
  await pass(1000);
  assert.equal(sent.length, 1);
  let waited = false;
  void autosave.now().then(() => {
    waited = true;
  });
  await pass(15_000);
  assert.equal(sent.length, 2);
  assert.equal(store.state.open?.note.saving.state, "sending");
  await pass(15_000);
  assert.equal(waited, true);
  assert.match(sent.at(-1)?.body ?? "", /Base\. Mine\./);
  mock.timers.reset();
});

test("while nobody is signed in nothing is sent or tried, and what waited goes out afterwards", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = silentServer();
  const { store } = typed();
  store.dispatch({ type: "signedOut" });
  const planned = mock.method(globalThis, "setTimeout");
  await pass(10_000);
  store.inSession(1, { type: "edited", section: "plan", text: "Base. Mine. More." });
  await pass(10_000);
  assert.equal(sent.length, 0);
  assert.ok(planned.mock.callCount() < 3, `${planned.mock.callCount()} timers`);
  planned.mock.restore();
  store.dispatch({ type: "meKnown", me: { auth: "jwt", subject: "anna" } });
  store.dispatch({ type: "wentOffline" });
  store.dispatch({ type: "wentOnline" });
  await pass(1000);
  assert.match(sent[0]?.body ?? "", /Mine\. More\./);
  mock.timers.reset();
});

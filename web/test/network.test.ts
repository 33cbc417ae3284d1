import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeTexts } from "../src/text/merge.ts";
import { FakeClient } from "./fake/client.ts";
import { FakeNetwork } from "./fake/network.ts";
import { session } from "./fake/scenes.ts";
import type { FakeSession } from "./fake/server.ts";
import { chance, pick } from "./random.ts";

const SECTIONS = ["plan", "risk", "progress"] as const;
const FAULTS = { drop: 0.2, delay: 5 };

function chooseAtRandom(client: FakeClient, random: () => number): void {
  for (const { id, text, conflict } of client.note.sections) {
    if (!conflict) continue;
    const merged = mergeTexts(conflict.base, text, conflict.theirs);
    client.act({
      type: "conflictResolved",
      section: id,
      text: pick(random, [text, conflict.theirs, merged]),
    });
  }
}

function everything(server: FakeSession): string {
  return [server.text(), ...server.revisions.map(({ text }) => text)].join("\n");
}

/** Lets everybody finish: no new words, only what is under way. */
function finish(network: FakeNetwork, clients: readonly FakeClient[], random: () => number): void {
  for (let step = 0; step < 2000; step += 1) {
    network.step();
    for (const client of clients) {
      chooseAtRandom(client, random);
      client.save();
    }
    if (network.idle && clients.every((client) => client.settled)) return;
  }
  assert.fail("somebody's words are still unsaved");
}

test("two people and a model on one note over a bad network lose no word", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = chance(seed);
    const server = session(1);
    const network = new FakeNetwork(random, FAULTS);
    const clients = [new FakeClient(server, network), new FakeClient(server, network)];
    const typed: string[] = [];
    for (let step = 0; step < 150; step += 1) {
      network.step();
      if (step === 5 || (step > 60 && !server.running && random() < 0.05)) server.generate();
      const event = server.step();
      for (const client of clients) {
        if (event) network.push(() => client.take(event));
        if (random() < 0.08) {
          const id = pick(random, SECTIONS);
          const word = `s${seed}n${typed.length}`;
          typed.push(word);
          client.act({ type: "edited", section: id, text: `${client.section(id).text} ${word}`.trim() });
        }
        if (random() < 0.3) client.save();
        if (random() < 0.1) client.load();
        if (random() < 0.2) chooseAtRandom(client, random);
      }
    }
    while (server.step());
    for (const client of clients) client.resume();
    finish(network, clients, random);
    const stored = everything(server);
    const lost = typed.filter((word) => !new RegExp(`\\b${word}\\b`).test(stored));
    assert.deepEqual(lost, [], `seed ${seed}`);
  }
});

test("whatever the network does, everybody sees the stored note in the end", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = chance(1000 + seed);
    const server = session(1);
    const network = new FakeNetwork(random, FAULTS);
    const clients = [new FakeClient(server, network), new FakeClient(server, network)];
    server.generate();
    for (let step = 0; step < 400; step += 1) {
      network.step();
      const event = random() < 0.02 ? server.restart() : server.step();
      for (const client of clients) if (event) network.push(() => client.take(event));
    }
    while (server.step());
    for (const client of clients) client.resume();
    finish(network, clients, random);
    for (const client of clients) {
      for (const { id, text } of server.sections ?? []) {
        assert.equal(
          client.section(id).text,
          text.replace(/\{\{RED:(.*?)\}\}/g, "$1"),
          `seed ${seed}, ${id}`,
        );
      }
    }
  }
});

test("a person's section never changes under the caret, whatever comes from the server", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = chance(2000 + seed);
    const server = session(1);
    const network = new FakeNetwork(random, FAULTS);
    const client = new FakeClient(server, network);
    server.generate();
    let own = "";
    for (let step = 0; step < 300; step += 1) {
      network.step();
      const event = random() < 0.02 ? server.restart() : server.step();
      if (event) network.push(() => client.take(event));
      if (random() < 0.2) {
        own += `k${step} `;
        client.act({ type: "edited", section: "plan", text: own });
      }
      if (random() < 0.3) client.save();
      if (own !== "") assert.equal(client.section("plan").text, own, `seed ${seed}, step ${step}`);
    }
  }
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { threadId, Worker } from "node:worker_threads";

import { mockApi, printed } from "../helpers.js";
import {
  Album,
  addAcross,
  addAfter,
  addLocked,
  count,
  main,
} from "./one-thread.js";

async function inFlight(api) {
  return (await api.log()).map((entry) => entry.inFlight);
}

test("the three ways are counted", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0.05);
  assert.equal(
    await printed(() => main(api.url)),
    "Across: 1 of 3\n" + "After: 3 of 3\n" + "Locked: 3 of 3\n",
  );
  // The last three have the lock.
  assert.deepEqual((await inFlight(api)).slice(6), [1, 1, 1]);
});

test("an update across an await is lost", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*/picture", 3);
  const counted = await count(new Album(api.url), addAcross);
  assert.equal(counted, "1 of 3");
  assert.deepEqual(await inFlight(api), [1, 2, 3]);
});

test("awaiting first loses nothing", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*/picture", 3);
  const counted = await count(new Album(api.url), addAfter);
  assert.equal(counted, "3 of 3");
  assert.deepEqual(await inFlight(api), [1, 2, 3]);
  // Even if all three answers come in the same turn.
  t.mock.method(globalThis, "fetch", async () => new Response());
  const album = new Album("http://api.invalid");
  assert.equal(await count(album, addAfter), "3 of 3");
});

test("a lock lets one in at a time", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0.05);
  const counted = await count(new Album(api.url), addLocked);
  assert.equal(counted, "3 of 3");
  assert.deepEqual(await inFlight(api), [1, 1, 1]);
});

test("a failure frees the lock", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1/picture", [500]);
  const album = new Album(api.url);
  await assert.rejects(addLocked(album, 1), /HTTP 500/);
  assert.deepEqual((await navigator.locks.query()).held, []);
  await addLocked(album, 2);
  assert.equal(album.pictures, 1);
});

// JavaScript only: in Python a lock is an object, one for each album.
test("all albums share the lock by its name", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0.05);
  await Promise.all([
    addLocked(new Album(api.url), 1),
    addLocked(new Album(api.url), 2),
  ]);
  assert.deepEqual(await inFlight(api), [1, 1]);
  const { locks } = navigator;
  const both = () => locks.request("album 2", async () => "both");
  assert.equal(await locks.request("album 1", both), "both");
});

// What the language does, without the program.

test("they change places only at an await", async () => {
  const steps = [];
  const work = async (name) => {
    for (let step = 0; step < 1000; step++) {
      steps.push(name);
      if (step === 499) await null;
    }
  };
  await Promise.all([work("a"), work("b")]);
  const half = 500;
  assert.equal(
    steps.join(""),
    "a".repeat(half) +
      "b".repeat(half) +
      "a".repeat(half) +
      "b".repeat(half),
  );
});

test("all tasks run on one thread", async () => {
  const where = async () => {
    await null;
    return threadId;
  };
  const threads = await Promise.all([where(), where(), where()]);
  assert.deepEqual(new Set(threads), new Set([threadId]));
});

// JavaScript only: a Python await lets others run only if it must wait.
test("even an await that need not wait loses updates", async () => {
  let total = 0;
  const one = async () => 1;
  const add = async () => {
    total += await one();
  };
  await Promise.all([add(), add(), add()]);
  assert.equal(total, 1);
});

// JavaScript only: an asyncio.Lock belongs to one event loop.
test("workers share the lock by its name", async () => {
  const source = `
    const { parentPort } = require("node:worker_threads");
    navigator.locks.request("album", { ifAvailable: true }, (lock) => {
      parentPort.postMessage(lock === null ? "taken" : "free");
    });`;
  await navigator.locks.request("album", async () => {
    const worker = new Worker(source, { eval: true });
    const ended = once(worker, "exit");
    assert.deepEqual(await once(worker, "message"), ["taken"]);
    await ended;
  });
});

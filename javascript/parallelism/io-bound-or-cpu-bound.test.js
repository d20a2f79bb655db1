import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { MessageChannel, threadId, Worker } from "node:worker_threads";

import { mockApi, printed, running } from "../helpers.js";
import { compute, main, show } from "./io-bound-or-cpu-bound.js";

const nothing = async () => {};

test("what each way does to the loop", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "I/O in tasks: loop free\n" +
      "CPU in tasks: loop blocked\n" +
      "CPU in workers: loop free\n",
  );
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.path),
    Array(4).fill("/users/1"),
  );
});

test("waits in tasks overlap", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const ask = async () => (await fetch(`${api.url}/users/1`)).text();
  const program = running(() => show("I/O in tasks", ask, nothing));
  // None has its answer, and all have been sent.
  await api.saw("GET /users/1", 2);
  await api.release("/users/1");
  await program.done;
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 2],
  );
});

test("awaited one by one, waits add up", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const get = async (path) => (await fetch(api.url + path)).text();
  const ask = () => get("/users/1");
  const program = running(() => show("I/O one by one", nothing, ask));
  await api.saw("GET /users/1");
  // A second one would have left before this.
  await get("/data");
  await api.release("/users/1");
  await program.done;
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => [entry.path, entry.inFlight]),
    [
      ["/users/1", 1],
      ["/data", 2],
      ["/users/1", 1],
    ],
  );
});

test("a failure is no fast answer", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1", [500]);
  await assert.rejects(
    printed(() => main(api.url)),
    { message: "HTTP 500" },
  );
});

test("computations in tasks come before anything else", async () => {
  const output = await printed(() =>
    show("CPU in tasks", compute, compute),
  );
  assert.equal(output, "CPU in tasks: loop blocked\n");
});

// What the language does, without the program.

test("async adds work to a call", async () => {
  const seen = [];
  const work = async () => "done";
  const [one, other] = [work(), work()];
  assert.notEqual(one, other);
  assert.ok(one instanceof Promise);
  queueMicrotask(() => seen.push("other code"));
  assert.equal(await one, "done");
  assert.deepEqual(seen, ["other code"]);
});

test("tasks share a thread", async () => {
  const here = async () => threadId;
  const [one, other] = await Promise.all([here(), here()]);
  await using worker = new Worker(
    `const { parentPort, threadId } = require("node:worker_threads");
     parentPort.postMessage(threadId);`,
    { eval: true },
  );
  const [elsewhere] = await once(worker, "message");
  assert.equal(one, other);
  assert.notEqual(elsewhere, one);
});

// JavaScript only: Python's pool copies in a thread of its own.
test("a message is copied before postMessage returns", () => {
  const { port1, port2 } = new MessageChannel();
  let copied = false;
  port1.postMessage({
    get value() {
      copied = true;
      return 1;
    },
  });
  assert(copied);
  port1.close();
  port2.close();
});

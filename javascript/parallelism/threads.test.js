import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { mockApi, printed, runNode } from "../helpers.js";
import { main } from "./threads.js";

const PROGRAM = new URL("./threads.js", import.meta.url);

/**
 * A worker that runs some code, with `data` as its workerData.
 * @param {string} code
 * @param {unknown} [data]
 */
function workerOf(code, data) {
  const start = `const { parentPort, workerData: data } =
    require("node:worker_threads");`;
  return new Worker(start + code, { eval: true, workerData: data });
}

test("what becomes of the list", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "In the thread: Ada, Grace\nHere: Ada\nCalled off: Ada\n",
  );
});

test("an error comes back to whoever waits", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/2", [500]);
  await assert.rejects(
    printed(() => main(api.url)),
    { name: "Error", message: "HTTP 500" },
  );
});

test("the program waits for its threads", async () => {
  const { stdout, stderr } = await runNode([
    "-e",
    `import { Worker } from "node:worker_threads";
     const work = "setTimeout(console.log, 200, 'The thread ends')";
     new Worker(work, { eval: true });
     console.log("The main function ends");`,
  ]);
  assert.equal(stderr, "");
  assert.equal(stdout, "The main function ends\nThe thread ends\n");
});

// JavaScript only: a thread of Python's cannot be stopped from outside.
test("a terminated worker hangs up", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const worker = new Worker(PROGRAM, {
    workerData: { apiUrl: api.url, names: [] },
  });
  worker.postMessage(5);
  await api.saw("GET /users/5");
  await worker.terminate();
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
});

// JavaScript only: a thread of Python's cannot be stopped from outside.
test("an endless loop can be terminated", async () => {
  const worker = workerOf(`parentPort.postMessage("begun"); for (;;);`);
  await once(worker, "message");
  assert.equal(await worker.terminate(), 1);
});

// JavaScript only: a thread of Python's is given the objects themselves.
test("a function cannot be handed over", async () => {
  const worker = workerOf("");
  const ended = once(worker, "exit");
  assert.throws(() => worker.postMessage(() => {}), {
    name: "DataCloneError",
    message: "() => {} could not be cloned.",
  });
  await ended;
});

// JavaScript only: a thread of Python's shares all memory.
test("only a SharedArrayBuffer is shared", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(1));
  const copied = new Uint8Array(1);
  globalThis.known = true;
  const worker = workerOf(
    `data.shared[0] = data.copied[0] = 1;
     parentPort.postMessage(typeof globalThis.known);`,
    { shared, copied },
  );
  const ended = once(worker, "exit");
  const [known] = await once(worker, "message");
  delete globalThis.known;
  assert.equal(known, "undefined");
  assert.deepEqual([shared[0], copied[0]], [1, 0]);
  await ended;
});

// JavaScript only: a thread of Python's has no loop unless it makes one.
test("a worker has a loop of its own", async () => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const worker = workerOf(
    `const { setTimeout: sleep } = require("node:timers/promises");
     sleep(1).then(() => {
       Atomics.store(data, 0, 1);
       Atomics.notify(data, 0);
     });`,
    cell,
  );
  // Our own loop stands still meanwhile.
  assert.notEqual(Atomics.wait(cell, 0, 0, 10_000), "timed-out");
  await once(worker, "exit");
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { mockApi, printed, runNode } from "../helpers.js";
import { main } from "./threads.js";

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

test("what becomes of the list", async () => {
  const output = await printed(main);
  assert(output.startsWith("In the thread: Ada, Grace\nHere: Ada\n"));
});

test("what becomes of the call", async () => {
  assert((await printed(main)).endsWith("Called off: ended\n"));
});

// JavaScript only: Python's program prints that its thread works on.
test("the worker of the program blocks until it is ended", async () => {
  const file = new URL("threads.js", import.meta.url);
  const worker = new Worker(file, { workerData: ["Ada"] });
  let ended = false;
  worker.once("exit", () => {
    ended = true;
  });
  await once(worker, "message");
  // Another worker begins and ends meanwhile.
  await once(workerOf(""), "exit");
  assert.equal(ended, false);
  await worker.terminate();
});

// What the language does, without the program.

test("an error comes back to whoever waits", async () => {
  const worker = workerOf(`
    class NoSuchName extends Error {
      name = "NoSuchName";
    }
    throw new NoSuchName("Grace");`);
  const [error] = await once(worker, "error");
  // A copy: its class is lost, its name and its message are not.
  assert.equal(error.constructor, Error);
  assert.equal(error.name, "NoSuchName");
  assert.equal(error.message, "Grace");
  const [bug] = await once(workerOf("null.x"), "error");
  assert(bug instanceof TypeError);
});

// JavaScript only: in Python you await the call itself.
test("once rejects if the worker fails", async () => {
  const message = once(workerOf("null.x"), "message");
  await assert.rejects(message, TypeError);
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

// JavaScript only: a Python thread works on, and its error is kept.
test("an error that nobody handles ends everything", async () => {
  const here = `throw new Error("here")`;
  const there = `throw new Error('there')`;
  const work = "setTimeout(console.log, 1000, 'The thread ends')";
  for (const [inWorker, inMain] of [
    [work, here],
    [there, work],
  ]) {
    const { code, stdout, stderr } = await runNode([
      "-e",
      `import { Worker } from "node:worker_threads";
       new Worker("${inWorker}", { eval: true });
       ${inMain}`,
    ]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /Error: t?here/);
  }
});

test("unless you tell it not to wait", async () => {
  const { code, stdout } = await runNode([
    "-e",
    `import { Worker } from "node:worker_threads";
     new Worker("setInterval(() => {}, 1000)", { eval: true }).unref();
     console.log("The main function ends");`,
  ]);
  assert.equal(code, 0);
  assert.equal(stdout, "The main function ends\n");
});

// JavaScript only: nothing in Python stops a thread from outside.
test("a terminated worker hangs up", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const worker = workerOf("fetch(data)", `${api.url}/data`);
  await api.saw("GET /data");
  await worker.terminate();
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
});

// JavaScript only: nothing in Python stops a thread from outside.
test("a call of the system is waited for", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const code = `
    const { execFileSync } = require("node:child_process");
    execFileSync(process.execPath, ["--eval", data]);`;
  const worker = workerOf(code, `fetch("${api.url}/data")`);
  await api.saw("GET /data");
  let ended = false;
  const ending = worker.terminate().then(() => {
    ended = true;
  });
  await api.log({ settled: false }); // many turns of the loop
  assert.equal(ended, false);
  await api.release("/data");
  await ending;
});

// JavaScript only: nothing in Python stops a thread from outside.
test("an endless loop can be terminated", async () => {
  const worker = workerOf(`parentPort.postMessage("begun"); for (;;);`);
  await once(worker, "message");
  assert.equal(await worker.terminate(), 1);
});

// JavaScript only: a Python thread is given the objects themselves.
test("a function cannot be handed over", async () => {
  const worker = workerOf("");
  const ended = once(worker, "exit");
  assert.throws(() => worker.postMessage(() => {}), {
    name: "DataCloneError",
    message: "() => {} could not be cloned.",
  });
  await ended;
});

// JavaScript only: Python's threads share all memory.
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

// JavaScript only: a Python thread has no loop unless it makes one.
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

// JavaScript only: Python's threads share all memory.
test("a buffer can be moved", async () => {
  const worker = workerOf("parentPort.once('message', () => {});");
  const ended = once(worker, "exit");
  const buffer = new ArrayBuffer(8);
  worker.postMessage(buffer, [buffer]);
  assert.equal(buffer.byteLength, 0);
  await ended;
});

// JavaScript only: Python's threads share all memory.
test("a copy has no methods", async () => {
  class Dog {
    name = "Rex";
    bark() {}
  }
  const worker = workerOf(
    "parentPort.postMessage([data.name, typeof data.bark])",
    new Dog(),
  );
  const ended = once(worker, "exit");
  const [copy] = await once(worker, "message");
  assert.deepEqual(copy, ["Rex", "undefined"]);
  assert.equal(structuredClone([1]).at(0), 1);
  await ended;
});

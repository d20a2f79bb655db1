import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { mockApi, printed } from "../helpers.js";
import { loadUsers, main } from "./blocking-the-loop.js";

const newCell = () => new Int32Array(new SharedArrayBuffer(4));

// Blocks until another process has asked for all of them, in turn.
function ask(...urls) {
  const code = `for (const url of ${JSON.stringify(urls)})
    await (await fetch(url)).text();`;
  execFileSync(process.execPath, ["--input-type=module", "-e", code]);
}

function block(milliseconds) {
  Atomics.wait(newCell(), 0, 0, milliseconds);
}

test("nothing else happens while the loop is blocked", async (t) => {
  const api = await mockApi(t);
  const users = "Ada is here\nGrace is here\n";
  assert.equal(
    await printed(() => main(api.url)),
    "Blocking the loop:\n" +
      "The report is written\n" +
      users +
      "Blocking a thread:\n" +
      users +
      "The report is written\n",
  );
  const [lastUser, lastPost] = (await api.log()).slice(-2);
  assert.equal(lastPost.path, "/posts");
  assert(Number(lastUser.endedEvent) < lastPost.startedEvent);
});

test("an answer that is there is not read", async (t) => {
  const api = await mockApi(t);
  // Two must ask for the first user: the task and the blocking process.
  await api.rendezvous("/users/1", 2);
  await printed(async () => {
    const loading = loadUsers(api.url);
    await api.saw("GET /users/1");
    ask(`${api.url}/users/1`, `${api.url}/notifications?delay=0.1`);
    await loading;
  });
  const [first, , blocking, second] = await api.log();
  assert.deepEqual([first.path, second.path], ["/users/1", "/users/2"]);
  assert(Number(first.endedEvent) < blocking.startedEvent);
  assert(Number(blocking.endedEvent) < second.startedEvent);
});

test("a task can wake a thread, but not its own loop", async () => {
  const cell = newCell();
  const wake = async () => {
    await null;
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
  };
  const waking = wake();
  assert.equal(Atomics.wait(cell, 0, 0, 50), "timed-out");
  await waking;
  assert.equal(Atomics.load(cell, 0), 1);

  Atomics.store(cell, 0, 0);
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     parentPort.postMessage(Atomics.wait(workerData, 0, 0, 10_000));`,
    { eval: true, workerData: cell },
  );
  const ended = once(worker, "exit");
  const waiting = once(worker, "message");
  await wake();
  assert.notEqual((await waiting)[0], "timed-out");
  await ended;
});

test("no time limit interrupts a blocking call", async () => {
  const signal = AbortSignal.timeout(10);
  block(50);
  assert.equal(signal.aborted, false);
  await once(signal, "abort");
  assert.equal(signal.reason.name, "TimeoutError");
});

// JavaScript only: Python's debug mode names the step instead.
test("the event loop's delay can be measured", async () => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  while (delay.count === 0) await setImmediate();
  block(150);
  const before = delay.count;
  while (delay.count === before) await setImmediate();
  delay.disable();
  assert(delay.max >= 100e6, `${delay.max} nanoseconds`);
});

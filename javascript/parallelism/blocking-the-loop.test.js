import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { mockApi, runNode, running } from "../helpers.js";
import { fetchReport, loadUsers, main } from "./blocking-the-loop.js";

const newCell = () => new Int32Array(new SharedArrayBuffer(4));

function block(milliseconds) {
  Atomics.wait(newCell(), 0, 0, milliseconds);
}

test("nothing else happens while the loop is blocked", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  for (const path of ["/notifications", "/users/1", "/posts/1"]) {
    await api.hold(path);
  }
  // In a process of its own: it blocks its event loop.
  const file = "parallelism/blocking-the-loop.js";
  const program = runNode([file], { API_URL: api.url });
  await api.saw("/users/1");
  await api.release("/notifications");
  await api.saw("/posts/1");
  await api.release("/users/1");
  await api.ended("/users/1");
  // The answer is there. Nobody reads it and asks for the next user.
  const soFar = await api.log({ settled: false });
  assert.deepEqual(soFar.map((entry) => entry.path).sort(), [
    "/notifications",
    "/posts/1",
    "/users/1",
  ]);
  await api.release("/posts/1");
  const { code, stdout, stderr } = await program;
  assert.deepEqual([code, stderr], [0, ""]);
  assert(
    stdout.startsWith(
      "Blocking the loop:\nThe report is here\n" +
        "Ada is here\nGrace is here\n",
    ),
  );
  const log = await api.log();
  const block = log.find((entry) => entry.path === "/posts/1");
  const second = log.find((entry) => entry.path === "/users/2");
  assert(Number(block?.endedEvent) < Number(second?.startedEvent));
});

test("a call that blocks elsewhere stops nobody", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.hold("/posts/2");
  await api.hold("/users/4");
  const program = running(() => main(api.url));
  // The other program waits, and so does the first user.
  await api.saw("/posts/2");
  await api.saw("/users/4");
  await api.release("/users/4");
  await program.prints("Edsger is here\nBarbara is here\n");
  const log = await api.log({ settled: false });
  const report = log.find((entry) => entry.path === "/posts/2");
  assert.equal(report?.ending, null);
  await api.release("/posts/2");
  await program.done;
  assert(program.output.endsWith("The report is here\n"));
});

test("a report that fails ends the call with an error", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.fail("/posts/1", [500]);
  assert.throws(() => fetchReport(`${api.url}/posts/1`), /HTTP 500/);

  await api.fail("/posts/2", [500]);
  const program = running(() => main(api.url));
  await assert.rejects(program.done, /HTTP 500/);
  await api.ended("/users/5"); // Promise.all does not wait for it
});

test("a user that fails ends the call with an error", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.fail("/users/1", [500]);
  await assert.rejects(loadUsers(api.url, [1, 2]), /HTTP 500/);
});

// What the language does, without the program.

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
  // An await that does not have to wait changes nothing.
  await null;
  assert.equal(signal.aborted, false);
  await once(signal, "abort");
  assert.equal(signal.reason.name, "TimeoutError");
});

test("a blocking call has a limit of its own", () => {
  const forever = ["--eval", "setInterval(() => {}, 1000);"];
  assert.throws(
    () => execFileSync(process.execPath, forever, { timeout: 50 }),
    { code: "ETIMEDOUT" },
  );
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

// JavaScript only: Python's debug mode names the step instead.
test("a synchronous call can be traced", async () => {
  const source = `
    import { readFileSync } from "node:fs";
    setImmediate(function load() {
      readFileSync(process.execPath);
    });`;
  const args = ["--trace-sync-io", "--eval", source];
  const { stderr } = await runNode(args);
  assert.match(stderr, /WARNING: Detected use of sync API/);
  assert.match(stderr, /at load /);
});

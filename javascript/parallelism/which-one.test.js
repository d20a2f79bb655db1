import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { threadId, Worker } from "node:worker_threads";

import { printed, runNode } from "../helpers.js";
import { inProcess, inTask, inThread, main } from "./which-one.js";

const PROGRAM = join(import.meta.dirname, "which-one.js");

/** A worker that runs some code, with `port` to answer. */
function workerOf(code) {
  const start = `
    const { parentPort: port, threadId } =
      require("node:worker_threads");`;
  return new Worker(start + code, { eval: true });
}

test("who does the job", async () => {
  assert.equal(
    await printed(() => main()),
    "A call: this thread, the loop waits\n" +
      "In a task: this thread, the loop waits\n" +
      "In a thread: another thread, the loop goes on\n" +
      "In a process: another process, the loop goes on\n",
  );
});

test("none is left", async () => {
  const finished = await runNode([PROGRAM]);
  assert.deepEqual([finished.code, finished.stderr], [0, ""]);
  // The child that does the job ends by itself.
  const child = fork(PROGRAM, ["as a child"]);
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
});

test("each way names its own", async () => {
  const task = await inTask();
  assert.deepEqual(task, { processId: process.pid, thread: threadId });
  const thread = await inThread();
  assert.equal(thread.processId, process.pid);
  assert.notEqual(thread.thread, threadId);
  const child = await inProcess();
  assert.notEqual(child.processId, process.pid);
});

// What the language does, without the program.

test("elsewhere your variables are others", async () => {
  globalThis.names = ["Ada"];
  await using worker = workerOf(
    "port.postMessage(typeof globalThis.names);",
  );
  const [there] = await once(worker, "message");
  assert.equal(there, "undefined");
  assert.deepEqual(globalThis.names, ["Ada"]);
  delete globalThis.names;
});

test("it can be used again", async () => {
  await using worker = workerOf(
    `port.on("message", () => port.postMessage(threadId));`,
  );
  const ask = async () => {
    worker.postMessage("who?");
    return (await once(worker, "message"))[0];
  };
  assert.equal(await ask(), await ask());
});

test("if it dies you live on", async () => {
  const worker = workerOf("process.exit(3);");
  const [code] = await once(worker, "exit");
  assert.equal(code, 3);
});

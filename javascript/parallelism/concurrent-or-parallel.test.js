import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { mockApi, printed } from "../helpers.js";
import { asTasks, main } from "./concurrent-or-parallel.js";

const NAMES = ["Ada", "Grace"];

test("two tasks wait at once, and two workers work at once", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*", 2);
  assert.equal(
    await printed(() => main(api.url)),
    "Two tasks: Ada met nobody. Grace met nobody.\n" +
      "Two workers: Ada met the other. Grace met the other.\n",
  );
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 2],
  );
});

test("two tasks never meet without an await", async () => {
  assert.deepEqual(await asTasks(NAMES), [
    "Ada met nobody.",
    "Grace met nobody.",
  ]);
});

// JavaScript only: in Python a worker that is a process has no such choice.
test("a worker runs in the same process and is its main module", async () => {
  const worker = new Worker(
    new URL(
      `data:text/javascript,
       import { isMainThread, parentPort } from "node:worker_threads";
       const { pid } = process;
       parentPort.postMessage([pid, import.meta.main, isMainThread]);`,
    ),
  );
  const [answer] = await once(worker, "message");
  assert.deepEqual(answer, [process.pid, true, false]);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { mockApi, printed } from "../helpers.js";
import {
  computeInTask,
  computeInWorker,
  main,
  three,
} from "./io-bound-or-cpu-bound.js";

const PROGRAM = new URL("./io-bound-or-cpu-bound.js", import.meta.url);

const inTurn =
  (...spans) =>
  async () =>
    spans.shift();

test("waits overlap, and computations do only in workers", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/3", 3);
  await api.delay("/users/3", 0.3);
  assert.equal(
    await printed(() => main(api.url)),
    "Waits in tasks: several at once\n" +
      "Computations in tasks: one at a time\n" +
      "Computations in workers: several at once\n",
  );
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 2, 3],
  );
  assert(log.every((entry) => entry.status === 200));
});

test("the verdict is an average", async () => {
  const [one, half, other] = [
    [0, 2],
    [1, 3],
    [2, 4],
  ];
  assert.equal(await three(inTurn(one, one, one)), "several at once");
  assert.equal(await three(inTurn(one, half, other)), "one at a time");
  assert.equal(
    await three(inTurn(one, other, [4, 6])),
    "one at a time",
  );
});

test("a computation in a task ends before the next begins", async () => {
  const [first, second] = await Promise.all([
    computeInTask(),
    computeInTask(),
  ]);
  assert(first[1] <= second[0]);
});

test("a worker takes the computation off this thread", async () => {
  const cpuOf = async (work) => {
    const begun = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(begun);
    return user + system;
  };
  const worker = new Worker(PROGRAM);
  await once(worker, "online");
  const elsewhere = await cpuOf(() => computeInWorker(worker));
  const here = await cpuOf(computeInTask);
  assert(elsewhere < here / 2, `${elsewhere} < ${here} / 2`);
});

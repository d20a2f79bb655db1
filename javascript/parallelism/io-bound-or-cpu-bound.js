// Wait and compute in tasks and workers.
// Explained in docs/parallelism/io-bound-or-cpu-bound.md
// Needs the mock API: nox -s api

import { once } from "node:events";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// How much faster it is depends on the machine: only if you ask.
const RATIOS = process.argv.includes("--ratios");
const JOBS = RATIOS ? Math.min(availableParallelism(), 8) : 2;

async function get(apiUrl) {
  // I/O-bound: it waits for an answer, and computes next to nothing.
  const response = await fetch(`${apiUrl}/users/1?delay=0.1`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.text();
}

// CPU-bound: it computes, and waits for nothing.
export const compute = async () => new Float64Array(5e6).sort().length;

export async function show(label, start, alone = start) {
  const began = performance.now();
  for (let n = 0; n < JOBS; n++) await alone();
  const oneByOne = performance.now();
  let done = 0;
  const job = (_, n) => start(n).then(() => done++);
  const jobs = Promise.all(Array.from({ length: JOBS }, job));
  // Other code has a turn here. Is a job over before that?
  await null;
  const loop = done > 0 ? "blocked" : "free";
  await jobs;
  const ratio = (oneByOne - began) / (performance.now() - oneByOne);
  const faster = RATIOS ? `, ${ratio.toFixed(1)} times as fast` : "";
  console.log(`${label}: loop ${loop}${faster}`);
}

export async function main(apiUrl = API_URL) {
  await show("I/O in tasks", () => get(apiUrl));
  await show("CPU in tasks", compute);
  await using stack = new AsyncDisposableStack();
  const add = () => stack.use(new Worker(import.meta.filename));
  const workers = Array.from({ length: JOBS }, add);
  // No job begins before all are there: their start does not count.
  await Promise.all(workers.map((worker) => once(worker, "online")));
  const start = (n) => {
    workers[n].postMessage("compute");
    return once(workers[n], "message");
  };
  await show("CPU in workers", start, compute);
}

if (import.meta.main && isMainThread) await main();
// A worker runs this file, too, and computes if it gets a message.
parentPort?.on("message", async () =>
  parentPort?.postMessage(await compute()),
);

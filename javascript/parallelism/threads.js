// Give a thread a list and a call that blocks, and call it off.
// Explained in docs/parallelism/threads.md

import { once } from "node:events";
import {
  isMainThread,
  parentPort,
  Worker,
  workerData,
} from "node:worker_threads";

function addName(names, name) {
  names.push(name);
  return names.join(", ");
}

function block() {
  // Stands for a call that knows no await and takes long.
  const never = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(never, 0, 0);
}

// JavaScript only: a worker runs a file, not a function.
function runInWorker() {
  parentPort?.postMessage(addName(workerData, "Grace"));
  block();
}

export async function main() {
  const names = ["Ada"];
  // The worker runs this file again, and gets a copy of the list.
  const worker = new Worker(import.meta.filename, {
    workerData: names,
  });
  const [there] = await once(worker, "message");
  console.log("In the thread:", there);
  console.log("Here:", names.join(", "));

  // This ends the thread, although it blocks.
  await worker.terminate();
  // A worker that has ended has no thread any more: its id is -1.
  const ended = worker.threadId === -1;
  console.log("Called off:", ended ? "ended" : "works on");
}

// In a worker, import.meta.main is true, too.
if (import.meta.main && isMainThread) await main();
if (import.meta.main && !isMainThread) runInWorker();

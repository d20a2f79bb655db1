// Three waits and three computations: which of them overlap?

import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const SELF = new URL(import.meta.url);

export async function wait(apiUrl) {
  const began = Date.now();
  await (await fetch(`${apiUrl}/users/3`)).text();
  return [began, Date.now()];
}

export function compute() {
  const began = Date.now();
  // A tenth of a second of work for this thread, on any machine.
  const before = process.threadCpuUsage();
  while (process.threadCpuUsage(before).user < 100_000) {
    for (let n = 0; n < 100_000; n++) Math.sqrt(n);
  }
  return [began, Date.now()];
}

export async function computeInTask() {
  return compute();
}

export async function computeInWorker(worker) {
  worker.postMessage("begin");
  return (await once(worker, "message"))[0];
}

export async function three(start) {
  const spans = await Promise.all([start(), start(), start()]);
  const began = Math.min(...spans.map((span) => span[0]));
  const ended = Math.max(...spans.map((span) => span[1]));
  const sum = spans.reduce((sum, span) => sum + span[1] - span[0], 0);
  // How many were under way at a time, on average: from 1 to 3.
  const average = sum / (ended - began);
  return average > 1.5 ? "several at once" : "one at a time";
}

export async function main(apiUrl = API_URL) {
  console.log("Waits in tasks:", await three(() => wait(apiUrl)));
  console.log("Computations in tasks:", await three(computeInTask));
  // No worker begins before all are there.
  const workers = [1, 2, 3].map(() => new Worker(SELF));
  await Promise.all(workers.map((worker) => once(worker, "online")));
  const inWorkers = await three(() => computeInWorker(workers.pop()));
  console.log("Computations in workers:", inWorkers);
}

if (import.meta.main) {
  const answer = () => parentPort?.postMessage(compute());
  if (isMainThread) await main();
  else parentPort?.once("message", answer);
}

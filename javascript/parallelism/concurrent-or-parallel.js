// Two tasks can wait at once; two workers can also work at once.

import { once } from "node:events";
import {
  isMainThread,
  parentPort,
  Worker,
  workerData,
} from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export function meet(table, name, patience) {
  // Ordinary code: it stays in here until the other is in here, too.
  Atomics.add(table, 0, 1);
  Atomics.notify(table, 0);
  if (Atomics.wait(table, 0, 1, patience) === "timed-out") {
    Atomics.sub(table, 0, 1);
    return `${name} met nobody.`;
  }
  return `${name} met the other.`;
}

export async function asTasks(names) {
  const table = new Int32Array(new SharedArrayBuffer(4));
  const task = async (name) => meet(table, name, 100);
  return Promise.all(names.map(task));
}

export async function asWorkers(names) {
  const table = new Int32Array(new SharedArrayBuffer(4));
  const work = async (name) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: [table, name, 30_000],
    });
    const [met] = await once(worker, "message");
    return met;
  };
  return Promise.all(names.map(work));
}

async function getName(apiUrl, userId) {
  const response = await fetch(`${apiUrl}/users/${userId}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export async function main(apiUrl = API_URL) {
  const requests = [1, 2].map((userId) => getName(apiUrl, userId));
  const names = await Promise.all(requests);
  console.log("Two tasks:", ...(await asTasks(names)));
  console.log("Two workers:", ...(await asWorkers(names)));
}

if (import.meta.main) {
  if (isMainThread) await main();
  else parentPort?.postMessage(meet(...workerData));
}

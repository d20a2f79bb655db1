// Give a list to a thread, look at it again, and call the work off.

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  isMainThread,
  parentPort,
  Worker,
  workerData,
} from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

async function getName(apiUrl, userId) {
  const response = await fetch(`${apiUrl}/users/${userId}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

// Runs in the worker: all that it was given is a copy.
async function addName(userId) {
  const { apiUrl, names } = workerData;
  names.push(await getName(apiUrl, userId));
  parentPort?.postMessage(names.join(", "));
}

export async function main(apiUrl = API_URL) {
  const names = ["Ada"];
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { apiUrl, names },
  });
  worker.postMessage(2);
  const [there] = await once(worker, "message");
  console.log("In the thread:", there);
  console.log("Here:", names.join(", "));

  worker.postMessage(5);
  await sleep(200);
  // Ends the worker, wherever it is.
  await worker.terminate();
  console.log("Called off:", names.join(", "));
}

if (import.meta.main) {
  if (isMainThread) await main();
  else parentPort?.on("message", addName);
}

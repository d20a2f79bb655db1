// Write a report while users load: in the loop, then in a thread.

import { once } from "node:events";
import { isMainThread, Worker } from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

function writeReport() {
  // Stands for whatever waits or computes without `await`.
  const never = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(never, 0, 0, 400);
}

export async function loadUsers(apiUrl) {
  for (const userId of [1, 2]) {
    const response = await fetch(`${apiUrl}/users/${userId}?delay=0.1`);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    console.log((await response.json()).name, "is here");
  }
}

async function publish(apiUrl) {
  console.log("The report is written");
  const post = { title: "Report", body: "All is well.", author_id: 1 };
  const response = await fetch(`${apiUrl}/posts?delay=0.3`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(post),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
}

async function blockTheLoop(apiUrl) {
  writeReport();
  await publish(apiUrl);
}

async function blockAThread(apiUrl) {
  // The worker runs this very file: its part is at the end.
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, "exit");
  await publish(apiUrl);
}

export async function main(apiUrl = API_URL) {
  console.log("Blocking the loop:");
  await Promise.all([loadUsers(apiUrl), blockTheLoop(apiUrl)]);

  console.log("Blocking a thread:");
  await Promise.all([loadUsers(apiUrl), blockAThread(apiUrl)]);
}

if (import.meta.main) {
  if (isMainThread) await main();
  else writeReport();
}

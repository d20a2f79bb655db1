// Find out who else runs while a function awaits.
// Explained in docs/basics/what-await-does.md
// Needs the mock API: nox -s api

import { setTimeout as sleep } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function getJson(apiUrl, path) {
  const response = await fetch(`${apiUrl}${path}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return await response.json();
}

export async function getCached() {
  // Nothing in here has to wait.
  return "Hello from the cache";
}

export async function othersRun(promise) {
  const others = [];
  // Something else is ready, and needs only a turn.
  queueMicrotask(() => others.push("ran"));
  await promise;
  return others.length > 0 ? "yes" : "no";
}

export async function main(apiUrl = API_URL) {
  console.log("Do others run while we await");
  const data = getJson(apiUrl, "/data");
  console.log("- a request?", await othersRun(data));
  console.log("- a cached answer?", await othersRun(getCached()));
  console.log("- a pause of 0?", await othersRun(sleep(0)));

  const user = getJson(apiUrl, "/users/1");
  console.log("Awaited:", (await user).name);
  // The promise keeps its result for all who ask.
  console.log("Awaited again:", (await user).name);
}

if (import.meta.main) await main();

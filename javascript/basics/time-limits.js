// When the time is up: only stop waiting, or stop the work itself.
// Explained in docs/basics/time-limits.md
// Needs the mock API: nox -s api

import { setTimeout as sleep } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// Milliseconds. Both answers take longer.
const LIMIT = 200;

export async function getName(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export async function stopWaiting(answer, limit) {
  const stop = new AbortController();
  const late = sleep(limit, "too late", { signal: stop.signal });
  try {
    return await Promise.race([answer, late]);
  } finally {
    // A race stops nobody. If the answer came first, this ends the
    // timer, which would keep Node alive.
    stop.abort();
  }
}

export async function stopTheWork(url, limit) {
  try {
    // When the time is up, it aborts what was given the signal.
    return await getName(url, AbortSignal.timeout(limit));
  } catch (error) {
    if (error.name !== "TimeoutError") throw error;
    return "too late";
  }
}

export async function main(apiUrl = API_URL) {
  const answer = getName(`${apiUrl}/users/5`);
  console.log("Stop waiting:", await stopWaiting(answer, LIMIT));
  console.log("The answer, after all:", await answer);

  const outcome = await stopTheWork(`${apiUrl}/users/4`, LIMIT);
  console.log("Stop the work:", outcome);
}

if (import.meta.main) await main();

// When the time is up: stop waiting, or stop the work itself.

import { setTimeout as sleep } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const LIMIT = 200; // milliseconds; the answer takes 500

export async function getName(apiUrl, signal) {
  const response = await fetch(`${apiUrl}/users/5`, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export function stopWaiting(answer, limit) {
  // Nobody stops the loser of a race. Should it be the timer,
  // ref: false lets the program end without it.
  const late = sleep(limit, "too late", { ref: false });
  return Promise.race([answer, late]);
}

export async function stopTheWork(apiUrl, limit) {
  try {
    return await getName(apiUrl, AbortSignal.timeout(limit));
  } catch (error) {
    if (error.name !== "TimeoutError") throw error;
    return "too late";
  }
}

export async function main(apiUrl = API_URL) {
  const answer = getName(apiUrl);
  console.log("Stop waiting:", await stopWaiting(answer, LIMIT));
  console.log("The answer, after all:", await answer);

  console.log("Stop the work:", await stopTheWork(apiUrl, LIMIT));
}

if (import.meta.main) await main();

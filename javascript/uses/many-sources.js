// Ask six sources, at most three at a time; ask the busy again.
// Explained in docs/uses/many-sources.md
// Needs the mock API: nox -s api

import { setTimeout as sleep } from "node:timers/promises";

import pLimit from "p-limit";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const SOURCES = "temperature traffic wind snow ozone noise".split(" ");
// What may pass: no answer, too many requests, service unavailable.
const AGAIN = ["no answer", 429, 503];

export function pause(retryAfter, attempt) {
  // Twice as long each time, and random: otherwise all clients that
  // met the same failure come back at the same moment.
  const own = 100 * 2 ** attempt * (0.5 + Math.random() / 2);
  if (!retryAfter) return own;
  // It may also be a date. We do not wait for a date.
  const seconds = /^\d+$/.test(retryAfter) ? retryAfter : Infinity;
  return Math.max(own, 1000 * seconds);
}

async function once(url) {
  try {
    const signal = AbortSignal.timeout(2000);
    const response = await fetch(url, { signal });
    const text = await response.text();
    const found = response.ok ? JSON.parse(text) : null;
    const retryAfter = response.headers.get("Retry-After");
    return [response.status, retryAfter, found];
  } catch {
    return ["no answer", null, null];
  }
}

export async function ask(apiUrl, slots, name) {
  const url = `${apiUrl}/sources/${name}`;
  let status, retryAfter, found;
  // A GET changes nothing, so it may be repeated. A POST may not:
  // its answer can be lost after it was obeyed.
  for (let attempt = 1; ; attempt++) {
    // During the pause the slot is free for another source.
    [status, retryAfter, found] = await slots(once, url);
    const wait = pause(retryAfter, attempt);
    if (!AGAIN.includes(status) || attempt === 3 || wait > 5000) break;
    await sleep(wait);
  }
  if (found?.value === undefined || found.unit === undefined)
    return `${name}: no value (${status})`;
  return `${name}: ${found.value} ${found.unit}`;
}

export async function main(apiUrl = API_URL) {
  const slots = pLimit(3);
  const rows = SOURCES.map((name) => ask(apiUrl, slots, name));
  console.log((await Promise.all(rows)).join("\n"));
}

if (import.meta.main) await main();

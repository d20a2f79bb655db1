// Ask a busy server again: later, and not for ever.
// Explained in docs/failures/retries.md
// Needs the mock API: nox -s api

import { setTimeout as sleep } from "node:timers/promises";

import pRetry from "p-retry";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// Twice does the same as once. A POST that arrives twice counts twice.
const REPEATABLE = ["GET", "PUT"];

function askedPause(response) {
  const value = response.headers.get("Retry-After") ?? "0";
  if (/^\d+$/.test(value)) return 1000 * Number(value);
  // Otherwise it is a date. If it is none, there is no wish.
  return Math.max(0, Date.parse(value) - Date.now()) || 0;
}

async function again(error, signal) {
  // Nothing came back: the next attempt may have more luck.
  if (["TypeError", "TimeoutError"].includes(error.name)) return true;
  if (![429, 503].includes(error.cause?.status)) return false;
  const pause = askedPause(error.cause);
  // Nobody waits here for longer, and to come sooner is no use.
  if (pause > 5000) return false;
  // p-retry adds its own pause. If the signal aborts, it tells why.
  await sleep(pause, null, { signal }).catch(() => {});
  return true;
}

async function once(url, method, signal) {
  const limits = [signal, AbortSignal.timeout(2000)];
  const options = { method, signal: AbortSignal.any(limits) };
  const response = await fetch(url, options);
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new Error(`HTTP ${response.status}`, { cause: response });
}

export async function ask(apiUrl, method, path) {
  // One limit for all of it, so that a pause cannot outlast it.
  const signal = AbortSignal.timeout(10_000);
  return await pRetry(() => once(apiUrl + path, method, signal), {
    retries: REPEATABLE.includes(method) ? 3 : 0,
    minTimeout: 100,
    randomize: true,
    shouldRetry: ({ error }) => again(error, signal),
    signal,
  });
}

export async function main(apiUrl = API_URL) {
  const traffic = await ask(apiUrl, "GET", "/sources/traffic");
  console.log(`Traffic: ${traffic.value} ${traffic.unit}`);
}

if (import.meta.main) await main();

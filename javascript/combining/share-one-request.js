// Ten callers want the same value at the same time. Ask for it once.
// Explained in docs/combining/share-one-request.md
// Needs the mock API: nox -s api

import { addAbortListener } from "node:events";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// The milliseconds that each of ten callers waits. One is in a hurry.
const PATIENCE = [100, ...Array(9).fill(1000)];

export class HttpError extends Error {}

async function getValue(url) {
  // Whoever comes later joins this request. It must not hang.
  const signal = AbortSignal.timeout(2000);
  const response = await fetch(url, { signal });
  if (!response.ok) throw new HttpError(`HTTP ${response.status}`);
  return (await response.json()).value;
}

export function share(promises, url) {
  // From here to the entry is no await, so nobody comes in between.
  if (!promises.has(url)) {
    promises.set(url, getValue(url));
    // It is the first handler, so it runs before a caller goes on.
    promises.get(url).catch(() => promises.delete(url));
  }
  return promises.get(url);
}

// JavaScript only: in Python the limit stands around the wait.
export async function waitFor(promise, signal) {
  const { promise: gaveUp, reject } = Promise.withResolvers();
  using _ = addAbortListener(signal, () => reject(signal.reason));
  // If fetch had this signal, one limit would stop it for all ten.
  return await Promise.race([promise, gaveUp]);
}

export async function ask(promise, milliseconds) {
  try {
    return await waitFor(promise, AbortSignal.timeout(milliseconds));
  } catch (error) {
    if (error.name === "TimeoutError") return "too late";
    if (!(error instanceof HttpError)) throw error;
    return error.message;
  }
}

export async function main(apiUrl = API_URL) {
  const url = `${apiUrl}/sources/traffic`;
  const promises = new Map();
  // The source is busy at first. That answer must not stay.
  for (const turn of ["First", "Again", "Later"]) {
    const asking = PATIENCE.map((ms) => ask(share(promises, url), ms));
    const answers = new Set(await Promise.all(asking));
    console.log(`${turn}:`, [...answers].join(", "));
  }
}

if (import.meta.main) await main();

// One request of two fails: what becomes of the other?
// Explained in docs/basics/errors.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// In each pair the second fails before the first is answered.
const FIRST = ["/users/4", "/status/500"];
const SECOND = ["/users/5", "/status/502"];
const THIRD = ["/users/3", "/status/503"];

class HttpError extends Error {}

async function getName(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new HttpError(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export async function waitForAll(apiUrl, ...paths) {
  const all = paths.map((path) => getName(apiUrl + path));
  try {
    return (await Promise.all(all)).join(", ");
  } catch (error) {
    // If there is no answer at all, the caller has to know.
    if (!(error instanceof HttpError)) throw error;
    return error.message;
  }
}

export async function waitForEach(apiUrl, ...paths) {
  const all = paths.map((path) => getName(apiUrl + path));
  // Nothing is thrown: each result says how it ended.
  const results = await Promise.allSettled(all);
  return results.filter((r) => r.status === "rejected").length;
}

export async function stopTheRest(apiUrl, ...paths) {
  const stop = new AbortController();
  const all = paths.map((path) => getName(apiUrl + path, stop.signal));
  // Promise.all stops nothing, so we do it.
  Promise.all(all).catch((error) => stop.abort(error));
  // Go on only when all of them have ended.
  await Promise.allSettled(all);
  if (stop.signal.reason instanceof HttpError) {
    return "one failed, the rest is stopped";
  }
  return (await Promise.all(all)).join(", ");
}

export async function main(apiUrl = API_URL) {
  console.log("Wait for all:", await waitForAll(apiUrl, ...FIRST));
  console.log("How many failed:", await waitForEach(apiUrl, ...SECOND));
  console.log("Stop the rest:", await stopTheRest(apiUrl, ...THIRD));
}

if (import.meta.main) await main();

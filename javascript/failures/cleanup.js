// Take a mark away again, whatever stops the work that it stands for.
// Explained in docs/failures/cleanup.md
// Needs the mock API: nox -s api

import { setTimeout } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const TAKEN = { title: "Ada is editing this", body: "Please wait" };
const FREE = { title: "Free for editing", body: "Go on" };

async function send(method, url, signal, post) {
  const body = post && JSON.stringify(post);
  const headers = body && { "Content-Type": "application/json" };
  const response = await fetch(url, { method, headers, body, signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return await response.json();
}

export async function work(apiUrl, signal) {
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => {
    // With the aborted signal, this request would not be sent. It
    // gets a signal of its own: a limit.
    const limit = AbortSignal.timeout(5_000);
    await send("PUT", `${apiUrl}/posts/1?delay=0.6`, limit, FREE);
  });
  // After defer: a stop can come when the API has set the mark, and
  // we do not know it yet.
  await send("PUT", `${apiUrl}/posts/1`, signal, TAKEN);
  await send("GET", `${apiUrl}/notifications?delay=0.1`, signal);
  await setTimeout(3_000, null, { signal });
}

export async function main(apiUrl = API_URL) {
  const stop = new AbortController();
  // It gets a handler at once, for it may fail before we wait for it.
  const ended = work(apiUrl, stop.signal).catch((error) => error);
  try {
    for (const number of [1, 2]) {
      await send("GET", `${apiUrl}/users/${number}?delay=0.4`);
      stop.abort();
      console.log("Stop", number);
    }
  } finally {
    stop.abort();
    // Wait for the clean-up, too.
    await ended;
  }
  const error = await ended;
  if (error && error.name !== "AbortError") throw error;
  console.log("Was it stopped?", error ? "Yes" : "No");
  const post = await send("GET", `${apiUrl}/posts/1?delay=0.1`);
  console.log("The mark says:", post.title);
}

if (import.meta.main) await main();

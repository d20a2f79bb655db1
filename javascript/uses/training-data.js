// Fetch the next batch while a worker thread learns from this one.

import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
export const known = new Set(); // the model: it grows in the worker

export async function getBatch(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const text = (await response.json()).map((p) => p.body).join(" ");
  const link = response.headers.get("link")?.match(/<(.+)>/);
  return { words: text.toLowerCase().split(" "), next: link?.[1] };
}

// Runs in the worker. A real model would take its time here.
export function learn(words) {
  const fresh = new Set(words).difference(known);
  for (const word of fresh) known.add(word);
  return fresh.size;
}

export async function learnInWorker(worker, words) {
  worker.postMessage(words);
  return (await once(worker, "message"))[0];
}

export async function train(apiUrl, worker) {
  const stop = new AbortController();
  let { words, next } = await getBatch(`${apiUrl}/posts?limit=4`);
  const counts = [];
  try {
    while (next) {
      // Both at once; the next turn begins when both are done.
      const fetching = getBatch(next, stop.signal);
      const learning = learnInWorker(worker, words);
      await Promise.all([fetching, learning]);
      counts.push(await learning);
      ({ words, next } = await fetching);
    }
  } finally {
    stop.abort();
  }
  return [...counts, await learnInWorker(worker, words)];
}

export async function main(apiUrl = API_URL) {
  // The worker is terminated when the block ends.
  await using worker = new Worker(new URL(import.meta.url));
  for (const [n, count] of (await train(apiUrl, worker)).entries()) {
    console.log(`Batch ${n + 1}: ${count} new words`);
  }
}

if (import.meta.main) {
  if (isMainThread) await main();
  else
    parentPort?.on("message", (w) => parentPort?.postMessage(learn(w)));
}

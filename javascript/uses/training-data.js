// Fetch the next batches while a worker learns from this one.
// Explained in docs/uses/training-data.md
// Needs the mock API: nox -s api

import { on } from "node:events";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// So many batches may wait in the queue.
const AHEAD = 2;
// The model. It lives in the worker, and grows there.
export const known = new Set();

function learn({ id, words }) {
  // Runs in the worker. A real model would take its time here.
  for (const word of words) known.add(word);
  parentPort?.postMessage({ id, count: known.size });
}

export async function learnInWorker(worker, words, signal) {
  // A worker only sends messages: the id says whose answer it is.
  const id = crypto.randomUUID();
  worker.postMessage({ id, words });
  const messages = on(worker, "message", { signal, close: ["exit"] });
  for await (const [answer] of messages)
    if (answer.id === id) return answer.count;
  throw new Error("the worker has ended");
}

async function* fetchBatches(apiUrl, stop) {
  for (let number = 1; number < 7; number++) {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(5000)]);
    const url = `${apiUrl}/posts/${number}?delay=0.2`;
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    yield (await response.json()).body.split(" ");
  }
}

export async function main(apiUrl = API_URL) {
  // The worker is terminated when the block ends.
  await using worker = new Worker(import.meta.filename);
  // If the fetch or the model fails, the signal ends the other.
  await pipeline(
    // @ts-expect-error: its types know nothing of a signal
    ({ signal }) => fetchBatches(apiUrl, signal),
    // Takes no more while it is full, so the memory has a limit.
    new PassThrough({ objectMode: true, highWaterMark: AHEAD }),
    async (batches, { signal }) => {
      for await (const words of batches) {
        const count = await learnInWorker(worker, words, signal);
        console.log("Words known:", count);
      }
    },
  );
}

if (import.meta.main && isMainThread) await main();
// A worker runs this file, too, and learns if it gets a message.
parentPort?.on("message", learn);

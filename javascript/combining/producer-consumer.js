// Read posts, while two workers fetch the author's picture for each.
// Explained in docs/combining/producer-consumer.md
// Needs the mock API: nox -s api

import { ReadableStream, TransformStream } from "node:stream/web";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const POSTS = [7, 6, 10, 8, 5, 4, 3];

async function get(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response;
}

export async function* produce(apiUrl, signal) {
  for (const number of POSTS) {
    const url = `${apiUrl}/posts/${number}?delay=0.07`;
    // If the queue is full, this waits, and reads no further post.
    yield await (await get(url, signal)).json();
  }
}

async function work(apiUrl, reader, show, signal) {
  for (;;) {
    const { done, value: post } = await reader.read();
    // The end of the stream reaches every worker.
    if (done) return;
    const url = `${apiUrl}/users/${post.author.id}/picture`;
    const picture = await (await get(url, signal)).blob();
    show(`${post.title}: ${picture.size} bytes`);
  }
}

export async function load(apiUrl, show) {
  const stop = new AbortController();
  // At most two posts wait here. Without a bound it could be all.
  const queue = new TransformStream({}, {}, { highWaterMark: 2 });
  const posts = ReadableStream.from(produce(apiUrl, stop.signal));
  const reader = queue.readable.getReader();
  const worker = () => work(apiUrl, reader, show, stop.signal);
  const jobs = [posts.pipeTo(queue.writable), worker(), worker()];
  try {
    await Promise.all(jobs);
  } finally {
    // If one job fails, the others would wait for it. End their
    // requests, and with the stream their waits for a post or room.
    stop.abort();
    await Promise.allSettled([reader.cancel(), ...jobs]);
  }
}

export async function main(apiUrl = API_URL) {
  await load(apiUrl, console.log);
}

if (import.meta.main) await main();

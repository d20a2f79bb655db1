// Follow three live feeds as one: one ends, one fails, one goes on.
// Explained in docs/uses/many-streams.md
// Needs the mock API: nox -s api

import { EventSourceParserStream } from "eventsource-parser/stream";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const FEEDS = ["news", "sport", "weather"];

async function follow(apiUrl, feed, queue, signal) {
  try {
    const url = `${apiUrl}/feeds/${feed}`;
    const { ok, status, body } = await fetch(url, { signal });
    if (!ok || !body) throw new Error(`HTTP ${status}`);
    const events = body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const event of events) {
      // If the reader is busy, this waits, and so does the server:
      // nobody reads its feed meanwhile.
      await queue.write(`${feed}: ${event.data}`);
    }
    await queue.write(`(${feed} has ended)`);
  } catch {
    // One feed less: the others go on.
    await queue.write(`(${feed} has failed)`);
  }
}

export function merge(apiUrl) {
  const stop = new AbortController();
  const { signal } = stop;
  const { readable, writable } = new TransformStream();
  const queue = writable.getWriter();
  // You may stop early. Then nobody needs the feeds any more.
  queue.closed.catch(() => stop.abort());
  const following = FEEDS.map((feed) =>
    follow(apiUrl, feed, queue, signal),
  );
  Promise.all(following)
    .then(() => queue.close())
    .catch((error) => queue.abort(error));
  return readable;
}

export async function main(apiUrl = API_URL) {
  for await (const line of merge(apiUrl)) console.log(line);
}

if (import.meta.main) await main();

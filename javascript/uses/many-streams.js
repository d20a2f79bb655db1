// Follow three live feeds as one: one ends, one fails, one goes on.

import { EventSourceParserStream } from "eventsource-parser/stream";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const FEEDS = ["news", "sport", "weather"];

async function follow(apiUrl, feed, queue, signal) {
  try {
    const { ok, status, body } = await fetch(
      `${apiUrl}/feeds/${feed}`,
      { signal },
    );
    if (!ok || !body) throw new Error(`HTTP ${status}`);
    const events = body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const event of events) {
      queue.enqueue(`${feed}: ${event.data}`);
    }
    queue.enqueue(`(${feed} has ended)`);
  } catch {
    if (signal.aborted) return;
    // One feed less: the others go on.
    queue.enqueue(`(${feed} has failed)`);
  }
}

export function merge(apiUrl) {
  const stop = new AbortController();
  return new ReadableStream({
    async start(queue) {
      await Promise.all(
        FEEDS.map((feed) => follow(apiUrl, feed, queue, stop.signal)),
      );
      if (!stop.signal.aborted) queue.close();
    },
    // Whoever reads may stop early.
    cancel() {
      stop.abort();
    },
  });
}

export async function main(apiUrl = API_URL) {
  for await (const line of merge(apiUrl)) console.log(line);
}

if (import.meta.main) await main();

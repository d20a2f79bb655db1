import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { EventSourceParserStream } from "eventsource-parser/stream";

import {
  clock,
  mockApi,
  printed,
  runNode,
  running,
} from "../helpers.js";
import { main, merge } from "./many-streams.js";

const EVENT_STREAM = { "Content-Type": "text/event-stream" };
const EVENT = "retry: 1\nid: 7\ndata: A cat sleeps\n\n";

// First of all: the first `fetch` makes a timer that all others share.

// JavaScript only: httpx has no limit when it is told so.
test("Node gives up after five minutes of silence", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/*/2");
  const time = clock(t);
  const program = running(() => main(api.url));
  await program.prints("weather: Sun");
  await program.prints("news: A cat sleeps");
  await program.prints("sport: Kick-off");
  await time.advance(299_000);
  assert.equal(program.lines.length, 3);
  await time.advance(3_000);
  await program.prints("(weather has failed)");
  await program.done;
  assert.equal(program.lines.length, 6);
});

test("all feeds are followed at once", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/feeds/*", 3);
  await printed(() => main(api.url));
  const log = await api.log();
  assert.equal(Math.max(...log.map((entry) => entry.inFlight)), 3);
  assert(log.every((entry) => entry.status === 200));
});

test("lines come in the order of the events", async (t) => {
  const events = [
    ["sport/1", "sport: Kick-off"],
    ["news/1", "news: A cat sleeps"],
    ["news/2", "news: A ship leaves"],
    ["weather/1", "weather: Sun"],
    ["sport/2", "sport: Goal"],
  ];
  const api = await mockApi(t);
  await api.hold("/feeds/*/*");
  const program = running(() => main(api.url));
  for (const [event, line] of events) {
    await api.release(`/feeds/${event}`);
    await program.prints(line);
  }
  assert.deepEqual(
    program.lines,
    events.map(([, line]) => line),
  );
  await api.release("/feeds/*/*");
  await program.done;
});

test("one ends, one fails, the rest go on", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/*/3");
  const program = running(() => main(api.url));
  await program.prints("(weather has ended)");
  await program.prints("sport: Goal");
  await api.release("/feeds/sport/3");
  await program.prints("(sport has failed)");
  assert(!program.output.includes("news: A bridge opens"));
  await api.release("/feeds/news/3");
  await program.done;
  assert.deepEqual(program.lines.slice(-3), [
    "news: A bridge opens",
    "news: Good night",
    "(news has ended)",
  ]);
  const log = await api.log();
  // Nobody connects a second time.
  assert.deepEqual(log.map((e) => `${e.path} ${e.ending}`).sort(), [
    "/feeds/news completed",
    "/feeds/sport dropped",
    "/feeds/weather completed",
  ]);
});

test("a feed that refuses fails alone", async (t) => {
  const api = await mockApi(t);
  await api.answer("/feeds/news", {
    status: 503,
    headers: EVENT_STREAM,
    body: "data: Sorry\n\n",
  });
  const lines = (await printed(() => main(api.url))).split("\n");
  assert(lines.includes("(news has failed)"));
  assert(!lines.includes("news: Sorry"));
  assert(lines.includes("(weather has ended)"));
});

// JavaScript only: httpx-sse looks at the content type.
test("what is no event stream is an empty one", async (t) => {
  const api = await mockApi(t);
  await api.answer("/feeds/news", { body: "<p>Hello</p>" });
  const output = await printed(() => main(api.url));
  assert.doesNotMatch(output, /^news: /m);
  assert(output.includes("(news has ended)"));
});

test("whoever stops early hangs up on all", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/*/2");
  const seen = new Set();
  for await (const line of merge(api.url)) {
    seen.add(line);
    if (seen.size === 3) break;
  }
  assert.deepEqual(
    seen,
    new Set(["news: A cat sleeps", "sport: Kick-off", "weather: Sun"]),
  );
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, Array(3).fill("client hung up"));
});

test("a feed waits for its reader", async (t) => {
  let sent = 0;
  t.mock.method(globalThis, "fetch", async () => {
    const fast = new ReadableStream({
      pull(queue) {
        sent += 1;
        if (sent > 1000) queue.close();
        else queue.enqueue(new TextEncoder().encode("data: Goal\n\n"));
      },
    });
    return new Response(fast);
  });
  const lines = merge("http://any").values();
  await lines.next();
  for (let turns = 0; turns < 1000; turns++) await turn();
  // The reader has one, and the pipes of each feed hold a few.
  assert(sent <= 15, String(sent));
  const before = sent;
  for (let lines_ = 0; lines_ < 20; lines_++) await lines.next();
  await turn();
  assert(sent > before);
  await lines.return?.();
});

// JavaScript only: a Python except names the errors that it expects.
test("a bug in one is taken for a failed feed", async (t) => {
  const api = await mockApi(t);
  const fetch = globalThis.fetch;
  t.mock.method(globalThis, "fetch", (url, init) => {
    if (url.endsWith("/feeds/weather")) throw new RangeError();
    return fetch(url, init);
  });
  const output = await printed(() => main(api.url));
  assert.match(output, /^\(weather has failed\)$/m);
  assert.match(output, /^\(news has ended\)$/m);
});

// What the language does, without the program.

test("an event may have an id", async () => {
  /** @type {number | undefined} */
  let retry;
  const parser = new EventSourceParserStream({
    onRetry: (milliseconds) => {
      retry = milliseconds;
    },
  });
  const body = /** @type {ReadableStream} */ (new Response(EVENT).body);
  const events = await Array.fromAsync(
    body.pipeThrough(new TextDecoderStream()).pipeThrough(parser),
  );
  assert.deepEqual([events.map(({ id }) => id), retry], [["7"], 1]);
});

// JavaScript only: Python has no EventSource.
test("an EventSource connects again", async () => {
  const { stdout } = await runNode([
    "--experimental-eventsource",
    "--input-type=module",
    "-e",
    `import { once } from "node:events";
     import { createServer } from "node:http";
     const server = createServer((request, response) => {
       console.log(request.headers["last-event-id"]);
       response.writeHead(200, ${JSON.stringify(EVENT_STREAM)});
       response.write(${JSON.stringify(EVENT)});
     }).listen(0, "127.0.0.1");
     await once(server, "listening");
     const { port } = server.address();
     const source = new EventSource("http://127.0.0.1:" + port);
     let events = 0;
     source.onmessage = () => {
       if (++events === 2) source.close();
       // To the other side, this looks like a broken connection.
       server.closeAllConnections();
       if (events === 2) server.close();
     };`,
  ]);
  assert.equal(stdout, "undefined\n7\n");
});

test("a connection that breaks is an error", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/sport/3");
  const response = await fetch(`${api.url}/feeds/sport`);
  await api.release("/feeds/sport/3");
  await assert.rejects(response.text(), {
    name: "TypeError",
    message: "terminated",
  });
});

test("a response without a length just ends", async () => {
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.end("HTTP/1.1 200 OK\r\n\r\nHalf a st");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  const response = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(await response.text(), "Half a st");
  server.close();
});

// JavaScript only: a Python queue has room for what nobody reads yet.
test("a write waits until somebody reads", async () => {
  const { readable, writable } = new TransformStream();
  const queue = writable.getWriter();
  let written = false;
  const writing = queue.write("news").then(() => {
    written = true;
  });
  for (let turns = 0; turns < 100; turns++) await turn();
  assert(!written);
  assert.equal((await readable.getReader().read()).value, "news");
  await writing;
});

// JavaScript only: a Python queue has other words for it.
test("a stream has one reader, and an end", () => {
  /** @type {any} */
  let queue;
  const stream = new ReadableStream({
    start(controller) {
      queue = controller;
    },
  });
  stream.getReader();
  assert.throws(() => stream.getReader(), {
    name: "TypeError",
    code: "ERR_INVALID_STATE",
    message: "Invalid state: ReadableStream is locked",
  });
  queue.close();
  assert.throws(() => queue.enqueue("late"), {
    name: "TypeError",
    code: "ERR_INVALID_STATE",
    message: "Invalid state: Controller is already closed",
  });
});

// JavaScript only: a Python queue without a size does the same.
test("enqueue takes all", () => {
  let free;
  new ReadableStream({
    start(queue) {
      for (let i = 0; i < 10_000; i++) queue.enqueue(i);
      free = queue.desiredSize;
    },
  });
  assert.equal(free, 1 - 10_000);
});

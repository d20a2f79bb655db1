import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

import {
  clock,
  mockApi,
  printed,
  runNode,
  running,
} from "../helpers.js";
import { main, tokens } from "./token-stream.js";

const SENTENCE = "An await lets others run.";
const EVENTS =
  'data: {"token": "café"}\n\n' +
  'data: {"token":\ndata: "!"}\n\n' +
  "data: [DONE]\n\n";
const EVENT_STREAM = { "Content-Type": "text/event-stream" };
const AN = 'data: {"token": "An"}\n\n';

test("tokens are printed as they come", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/3");
  const program = running(() => main(api.url));
  await program.prints("An await");
  assert.equal(program.output, "An await");
  await api.release("/completions/3");
  await program.done;
  assert.deepEqual(program.lines, [
    `${SENTENCE} Then it goes on.`,
    `${SENTENCE} Enough.`,
  ]);
});

test("stopping in the middle hangs up", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/11");
  const program = running(() => main(api.url));
  await program.prints("goes on");
  await api.hold("/completions/7");
  await api.release("/completions/11");
  await program.done;
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, ["completed", "client hung up"]);
});

test("a bad status is an error before the first token", async (t) => {
  const api = await mockApi(t);
  await api.fail("/completions", [503]);
  await assert.rejects(
    printed(() => main(api.url)),
    /HTTP 503/,
  );
});

test("a minute is the limit", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/3");
  const time = clock(t);
  const program = running(() => main(api.url));
  await program.prints("An await");
  await time.advance(59_999);
  const [held] = await api.log({ settled: false });
  assert.equal(held.ending, null);
  await time.advance(1);
  await assert.rejects(program.done, { name: "TimeoutError" });
  const [givenUp] = await api.log();
  assert.equal(givenUp.ending, "client hung up");
});

test("the minute is for both answers", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/11");
  const time = clock(t);
  const program = running(() => main(api.url));
  await program.prints("goes on");
  await time.advance(59_000);
  await api.hold("/completions/3");
  await api.release("/completions/11");
  await program.prints(".\nAn await");
  await time.advance(1000);
  await assert.rejects(program.done, { name: "TimeoutError" });
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, ["completed", "client hung up"]);
});

test("it can be stopped while nothing comes", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/1");
  const stop = new AbortController();
  const first = tokens(api.url, "Why?", stop.signal).next();
  first.catch(() => {});
  await api.saw("POST /completions");
  stop.abort();
  await assert.rejects(first, { name: "AbortError" });
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
});

test("[DONE] ends the answer", async (t) => {
  const api = await mockApi(t);
  const body = `${AN}data: [DONE]\n\n${AN}`;
  await api.answer("/completions", { headers: EVENT_STREAM, body });
  const seen = await Array.fromAsync(tokens(api.url, "Why?"));
  assert.deepEqual(seen, ["An"]);
});

test("an error comes in the middle", async (t) => {
  const api = await mockApi(t);
  const body = `${AN}data: {"error": "overloaded"}\n\n${AN}`;
  await api.answer("/completions", { headers: EVENT_STREAM, body });
  const program = running(() => main(api.url));
  await assert.rejects(program.done, { message: "overloaded" });
  assert.equal(program.output, "An");
  const [entry] = await api.log();
  assert.equal(entry.status, 200);
});

test("an answer without its end is an error", async (t) => {
  const api = await mockApi(t);
  await api.answer("/completions", { headers: EVENT_STREAM, body: AN });
  await assert.rejects(
    printed(() => main(api.url)),
    { message: "the answer was cut off" },
  );
});

test("a connection that breaks is an error", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/3");
  await api.drop("/completions/3");
  const program = running(() => main(api.url));
  await program.prints("An await");
  await api.release("/completions/3");
  await assert.rejects(program.done, {
    name: "TypeError",
    message: "terminated",
  });
  const [entry] = await api.log();
  assert.equal(entry.ending, "dropped");
});

test("an event may come in pieces", async (t) => {
  const pieces = new ReadableStream({
    start(queue) {
      for (const byte of new TextEncoder().encode(EVENTS)) {
        queue.enqueue(Uint8Array.of(byte));
      }
      queue.close();
    },
  });
  t.mock.method(globalThis, "fetch", async () => new Response(pieces));
  const seen = await Array.fromAsync(tokens("http://any", "Where?"));
  assert.deepEqual(seen, ["café", "!"]);
});

test("half a line reaches a pipe", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/3");
  const program = spawn(
    process.execPath,
    [join(import.meta.dirname, "token-stream.js")],
    {
      env: { ...process.env, API_URL: api.url },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  for await (const chunk of program.stdout) {
    output += chunk;
    if (output === "An await") await api.release("/completions/3");
  }
  if (program.exitCode === null) await once(program, "exit");
  assert.equal(program.exitCode, 0);
  assert.match(output, /Enough\.\n$/);
});

// What the language does, without the program.

// JavaScript only: in Python a break leaves the generator as it is.
test("a break closes the stream", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/7");
  const answer = tokens(api.url, "Why?");
  for await (const token of answer) {
    if (token === ".") break;
  }
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
  assert.deepEqual(await answer.next(), {
    done: true,
    value: undefined,
  });
});

// JavaScript only: Python refuses to close a generator that waits.
test("a generator that waits is closed after its wait", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/1");
  const answer = tokens(api.url, "Why?");
  const seen = [];
  const first = answer.next().then(({ value }) => seen.push(value));
  await api.saw("POST /completions");
  const closed = answer.return().then(() => seen.push("closed"));
  const [entry] = await api.log({ settled: false });
  assert.equal(entry.ending, null);
  assert.deepEqual(seen, []);
  await api.release("/completions/1");
  await Promise.all([first, closed]);
  assert.deepEqual(seen, ["An", "closed"]);
});

// JavaScript only: Python refuses a second call.
test("a second call waits for its turn", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/1");
  const answer = tokens(api.url, "Why?");
  const both = Promise.all([answer.next(), answer.next()]);
  await api.saw("POST /completions");
  await api.release("/completions/1");
  const seen = (await both).map(({ value }) => value);
  assert.deepEqual(seen, ["An", " await"]);
  await answer.return();
});

test("a plain for cannot wait", () => {
  assert.throws(
    () => {
      for (const _ of /** @type {any} */ (tokens("http://any", "?"))) {
      }
    },
    {
      name: "TypeError",
      message:
        "tokens is not a function or its return value is not iterable",
    },
  );
});

// JavaScript only: Python has no EventSource.
test("an EventSource sends GET and asks again", async (t) => {
  const api = await mockApi(t);
  const body = "retry: 1\ndata: Sun\n\n";
  await api.answer("/feeds/weather", { headers: EVENT_STREAM, body });
  const asking = runNode([
    "--experimental-eventsource",
    "-e",
    `const source = new EventSource("${api.url}/feeds/weather");
     const alive = setInterval(() => {}, 1000);
     let times = 0;
     source.onmessage = ({ data }) => {
       console.log(data);
       if (++times < 2) return;
       source.close();
       clearInterval(alive);
     };`,
  ]);
  await api.saw("GET /feeds/weather", 2);
  assert.equal((await asking).stdout, "Sun\nSun\n");
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

import { mockApi, printed, running } from "../helpers.js";
import { main, tokens } from "./token-stream.js";

const SENTENCE = "An await lets others run.";
const EVENTS =
  'data: {"token": "café"}\n\n' +
  'data: {"token":\ndata: "!"}\n\n' +
  "data: [DONE]\n\n";

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

test("it can be stopped while nothing comes", async (t) => {
  const api = await mockApi(t);
  await api.hold("/completions/3");
  const stop = new AbortController();
  const fetch = globalThis.fetch;
  t.mock.method(globalThis, "fetch", (url, init) =>
    fetch(url, { signal: stop.signal, ...init }),
  );
  const program = running(() => main(api.url));
  await program.prints("An await");
  stop.abort();
  await assert.rejects(program.done, { name: "AbortError" });
  assert.equal(program.output, "An await");
  t.mock.restoreAll();
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
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

test("a bad status is an error before the first token", async (t) => {
  const api = await mockApi(t);
  await api.fail("/completions", [503]);
  await assert.rejects(
    printed(() => main(api.url)),
    /HTTP 503/,
  );
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

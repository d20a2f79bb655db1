import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { mockApi, printed, running } from "../helpers.js";
import { main } from "./feed-one-by-one.js";

const CACHED = [
  "Loading…",
  "(cached) Ada: The slowest of three",
  "(cached) Alan: Line up, please",
];

test("never more than one request is in flight", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0.05);
  await printed(() => main(api.url));
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => [entry.path, entry.inFlight]),
    [
      ["/posts", 1],
      ["/notifications", 1],
      ["/users/1/picture", 1],
      ["/users/2/picture", 1],
      ["/users/3/picture", 1],
    ],
  );
});

test("the cached feed is shown before any answer", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  const program = running(() => main(api.url));
  await api.saw("GET /posts");
  assert.deepEqual(program.lines, CACHED);
  await api.release("/posts");
  await program.done;
  assert.equal(program.lines.length, 10);
});

test("a slow picture delays all that follows", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1/picture");
  const program = running(() => main(api.url));
  await api.saw("GET /users/1/picture");
  assert.deepEqual(program.lines, CACHED);
  assert.equal((await api.log({ settled: false })).length, 3);
  await api.release("/users/1/picture");
  await program.done;
  assert.deepEqual(program.lines.slice(3, 6), [
    "[picture] Ada",
    "[picture] Grace",
    "[picture] Alan",
  ]);
});

test("a failing picture leaves the rest intact", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/2/picture", [503]);
  const lines = (await printed(() => main(api.url))).split("\n");
  assert.deepEqual(lines.slice(3), [
    "[picture] Ada",
    "[no picture] Grace",
    "[picture] Alan",
    "Ada: Hello, loop",
    "Grace: Start first, wait later",
    "Alan: Is it done yet?",
    "3 notifications",
    "",
  ]);
});

test("after a failed feed nothing more is asked for", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [500]);
  const program = running(() => main(api.url));
  await assert.rejects(program.done, /HTTP 500/);
  const paths = (await api.log()).map((entry) => entry.path);
  assert.deepEqual(paths, ["/posts"]);
});

// JavaScript only: a synchronous request in Python blocks its thread.
test("other work goes on meanwhile", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  const order = [];
  const program = running(async () => {
    await main(api.url);
    order.push("feed");
  });
  await api.saw("GET /posts");
  await turn();
  order.push("other work");
  await api.release("/posts");
  await program.done;
  assert.deepEqual(order, ["other work", "feed"]);
});

// JavaScript only: httpx has a Client that returns the answer itself.
test("a request hands back a promise, never the answer", async (t) => {
  const api = await mockApi(t);
  const answer = fetch(`${api.url}/data`);
  assert(answer instanceof Promise);
  await (await answer).text();
  assert(!("XMLHttpRequest" in globalThis));
});

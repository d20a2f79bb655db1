import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";

import pLimit from "p-limit";

import {
  clock,
  finished,
  limited,
  mockApi,
  printed,
  running,
} from "../helpers.js";
import { ask, main, pause } from "./many-sources.js";

const ROWS = [
  "temperature: 18.5 °C",
  "traffic: 1280 cars/h",
  "wind: 4.2 m/s",
  "snow: no value (500)",
  "ozone: 48 µg/m³",
  "noise: 54 dB",
];
const BODIES = [
  "<p>Hello</p>",
  "{}",
  "[]",
  "null",
  '{"value": 1}',
  '{"unit": "m/s"}',
];
const OTHERS = ROWS.toSpliced(2, 1);

test("never more than three are in flight", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/*");
  const program = running(() => main(api.url));
  await api.saw("GET /sources/*", 3);
  // Whatever the program sends, too, is here before this.
  await (await fetch(`${api.url}/data`)).text();
  const held = await api.log({ settled: false });
  assert.deepEqual(
    held.map((entry) => entry.inFlight),
    [1, 2, 3, 4],
  );
  assert.equal(held.at(-1)?.path, "/data");
  await api.release("/sources/*");
  await program.done;
  // Six sources, and the busy one twice.
  assert.equal((await api.log()).length, 8);
});

test("the table keeps the order of the list", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/temperature");
  const program = running(() => main(api.url));
  await api.ended("GET /sources/noise");
  await api.release("/sources/temperature");
  await program.done;
  assert.deepEqual(program.lines, ROWS);
});

test("a busy source is asked again", async (t) => {
  const api = await mockApi(t);
  const output = await printed(() => main(api.url));
  assert(output.includes(ROWS[1]));
  const traffic = (await api.log())
    .filter((entry) => entry.path === "/sources/traffic")
    .map((entry) => entry.status);
  assert.deepEqual(traffic, [503, 200]);
});

for (const status of [429, 503]) {
  test(`after three tries it gives up (${status})`, async (t) => {
    const api = await mockApi(t);
    const headers = { "Content-Type": "text/html" };
    const body = "<p>Busy</p>";
    await api.answer("/sources/*", { status, headers, body });
    const time = clock(t);
    let settled = false;
    const asking = ask(api.url, pLimit(1), "noise").finally(() => {
      settled = true;
    });
    await api.ended("GET /sources/noise");
    while ((await api.log()).length < 3) {
      assert(!settled);
      await time.advance(100);
    }
    // It does not pause after the last one.
    const row = await limited(asking, () => "It pauses.");
    assert.equal(row, `noise: no value (${status})`);
    assert.equal((await api.log()).length, 3);
  });
}

test("a lost connection is asked again", async (t) => {
  const api = await mockApi(t);
  await api.drop("/sources/wind");
  const output = await printed(() => main(api.url));
  const lines = output.split("\n").slice(0, -1);
  assert.deepEqual(lines.toSpliced(2, 1), OTHERS);
  assert.equal(lines[2], "wind: no value (no answer)");
  const paths = (await api.log()).map((entry) => entry.path);
  const wind = paths.filter((path) => path === "/sources/wind");
  assert.equal(wind.length, 3);
});

for (const body of BODIES) {
  test(`a bad answer costs one row (${body})`, async (t) => {
    const api = await mockApi(t);
    await api.answer("/sources/wind", { body });
    const output = await printed(() => main(api.url));
    const lines = output.split("\n").slice(0, -1);
    assert.deepEqual(lines.toSpliced(2, 1), OTHERS);
    assert(lines[2].startsWith("wind: no value ("));
  });
}

test("broken compression costs one row", async (t) => {
  const api = await mockApi(t);
  await api.answer("/sources/wind", {
    headers: { "Content-Encoding": "gzip" },
    body: "This is not compressed.",
  });
  const output = await printed(() => main(api.url));
  const lines = output.split("\n").slice(0, -1);
  assert.deepEqual(lines.toSpliced(2, 1), OTHERS);
  assert.equal(lines[2], "wind: no value (no answer)");
});

test("what is broken is asked once", async (t) => {
  const api = await mockApi(t);
  await printed(() => main(api.url));
  const paths = (await api.log()).map((entry) => entry.path);
  const snow = paths.filter((path) => path === "/sources/snow");
  assert.equal(snow.length, 1);
});

test("a long pause is not waited for", async (t) => {
  const api = await mockApi(t);
  for (const retryAfter of [
    "6",
    "2592000",
    "Wed, 21 Oct 2099 07:28:00 GMT",
  ]) {
    const headers = { "Retry-After": retryAfter };
    await api.answer("/sources/*", { status: 503, headers });
    const row = await ask(api.url, pLimit(1), "wind");
    assert.equal(row, "wind: no value (503)");
  }
  assert.equal((await api.log()).length, 3);
});

test("the server says when to try again", async (t) => {
  const api = await mockApi(t);
  const headers = { "Retry-After": "5" };
  await api.answer("/sources/*", { status: 503, headers });
  const time = clock(t);
  const slots = pLimit(1);
  const asking = ask(api.url, slots, "wind");
  await api.ended("GET /sources/wind");
  // The slot is free while it pauses.
  await slots(() => time.advance(4900));
  assert.equal((await api.log()).length, 1);
  await api.answer("/sources/*", { body: "{}" });
  await finished(asking, api, time);
  assert.equal((await api.log()).length, 2);
});

test("pauses double and differ", () => {
  const pauses = Array.from({ length: 20 }, () => pause(null, 1));
  assert(new Set(pauses).size > 1);
  assert(Math.min(...pauses) >= 100 && Math.max(...pauses) <= 200);
  const second = pause("", 2);
  assert(second >= 200 && second <= 400);
  // Never sooner than its own pause.
  assert(pause("0", 1) >= 100);
  assert.equal(pause("3", 1), 3000);
});

test("a silent source has two seconds", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/wind");
  const time = clock(t);
  const asking = ask(api.url, pLimit(1), "wind");
  await api.saw("GET /sources/wind");
  await time.advance(1999);
  const [held] = await api.log({ settled: false });
  assert.equal(held.ending, null);
  await time.advance(1);
  const [givenUp] = await api.log();
  assert.equal(givenUp.ending, "client hung up");
  await api.release("/sources/wind");
  await finished(asking, api, time);
  assert.equal(await asking, "wind: 4.2 m/s");
});

// What the language does, without the program.

// JavaScript only: a Python coroutine has not started yet.
test("a promise in place of a function has started", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const slots = pLimit(1);
  const started = fetch(`${api.url}/data`);
  const limited = slots(/** @type {any} */ (started));
  await assert.rejects(limited, {
    name: "TypeError",
    message: "function_ is not a function",
  });
  await api.saw("GET /data");
  await api.release("/data");
  await (await started).text();
});

// JavaScript only: Python has a semaphore.
test("a stream of Node limits, too", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/*");
  const get = async (/** @type {string} */ name) =>
    (await fetch(`${api.url}/sources/${name}`)).status;
  const names = ROWS.map((row) => row.split(":")[0]);
  const statuses = Readable.from(names)
    .map(get, { concurrency: 3 })
    .toArray();
  await api.saw("GET /sources/*", 3);
  // Whatever the stream sends, too, is here before this.
  await (await fetch(`${api.url}/data`)).text();
  assert.equal((await api.log({ settled: false })).length, 4);
  await api.release("/sources/*");
  assert.deepEqual(await statuses, [200, 503, 200, 500, 200, 200]);
});

test("a post sent twice makes two", async (t) => {
  const api = await mockApi(t);
  const headers = { "Content-Type": "application/json" };
  const post = { title: "Hello", body: "Hi." };
  const send = async (method, path, json) => {
    const body = JSON.stringify(json);
    const request = { method, headers, body };
    return (await fetch(api.url + path, request)).json();
  };
  const ids = [];
  for (let times = 0; times < 2; times++) {
    await send("PUT", "/posts/1", post);
    const made = await send("POST", "/posts", {
      ...post,
      author_id: 1,
    });
    ids.push(made.id);
  }
  assert.deepEqual(ids, [11, 12]);
  // The two PUT have changed one post.
  const changed = await (await fetch(`${api.url}/posts/1`)).json();
  assert.equal(changed.title, "Hello");
});

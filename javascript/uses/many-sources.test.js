import assert from "node:assert/strict";
import { test } from "node:test";

import pLimit from "p-limit";

import { mockApi, printed, running } from "../helpers.js";
import { ask, main, pause } from "./many-sources.js";

test("never more than four are in flight", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/*");
  const program = running(() => main(api.url));
  await api.saw("GET /sources/*", 4);
  const held = await api.log({ settled: false });
  assert.deepEqual(
    held.map((entry) => entry.inFlight),
    [1, 2, 3, 4],
  );
  await api.release("/sources/*");
  await program.done;
  const log = await api.log();
  assert.equal(Math.max(...log.map((entry) => entry.inFlight)), 4);
  assert.equal(log.length, 13);
});

test("without a limit all are in flight at once", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/sources/ozone", 12);
  const slots = pLimit(12);
  const asking = Array.from({ length: 12 }, () =>
    ask(api.url, slots, "ozone"),
  );
  await Promise.all(asking);
  const log = await api.log();
  assert.equal(Math.max(...log.map((entry) => entry.inFlight)), 12);
  assert(log.every((entry) => entry.status === 200));
});

test("a limit of one is one after another", async (t) => {
  const api = await mockApi(t);
  const slots = pLimit(1);
  const names = ["ozone", "noise", "wind"];
  await Promise.all(names.map((name) => ask(api.url, slots, name)));
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 1, 1],
  );
  assert.deepEqual(
    log.map((entry) => entry.path),
    names.map((name) => `/sources/${name}`),
  );
});

// JavaScript only: a Python coroutine has not started yet.
test("a promise in place of a function has started", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const slots = pLimit(1);
  const started = fetch(`${api.url}/data`);
  const limited = slots(/** @type {any} */ (started));
  await assert.rejects(limited, TypeError);
  await api.saw("GET /data");
  await api.release("/data");
  await (await started).text();
});

test("the table keeps the order of the list", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/temperature");
  const program = running(() => main(api.url));
  await api.saw("GET /sources/noise");
  await api.release("/sources/temperature");
  await program.done;
  assert.deepEqual(
    [0, 1, -1].map((place) => program.lines.at(place)),
    [
      "source       value  unit       tries",
      "temperature   18.5  °C             1",
      "noise           54  dB             1",
    ],
  );
});

test("a busy source is asked again", async (t) => {
  const api = await mockApi(t);
  const output = await printed(() => main(api.url));
  assert.match(output, /^traffic {7}1280 {2}cars\/h {9}2$/m);
  const traffic = (await api.log())
    .filter((entry) => entry.path === "/sources/traffic")
    .map((entry) => entry.status);
  assert.deepEqual(traffic, [503, 200]);
});

test("after three tries it gives up", async (t) => {
  const api = await mockApi(t);
  await api.fail("/sources/noise", [503, 503, 503]);
  const output = await printed(() => main(api.url));
  assert.match(output, /^noise {12}- {2}HTTP 503 {7}3$/m);
});

test("a failure costs one row", async (t) => {
  const api = await mockApi(t);
  await api.drop("/sources/wind");
  const output = await printed(() => main(api.url));
  const lines = output.split("\n").slice(0, -1);
  assert.equal(lines.length, 13);
  assert.deepEqual(
    lines.filter((line) => line.includes(" - ")),
    [
      "wind             -  no answer      1",
      "snow             -  HTTP 500       1",
    ],
  );
  // Only what says that it is busy is asked again.
  const paths = (await api.log()).map((entry) => entry.path);
  for (const name of ["wind", "snow"]) {
    const times = paths.filter((path) => path === `/sources/${name}`);
    assert.equal(times.length, 1);
  }
});

/**
 * The order of requests where two sources are busy at first.
 * @param {import("node:test").TestContext} t
 * @param {number} limit
 * @param {Record<string, Record<string, string>>} busy headers by name
 */
async function asked(t, limit, busy) {
  const order = [];
  const fetch = t.mock.method(globalThis, "fetch", async (url) => {
    const name = String(url).slice(-1);
    order.push(name);
    const headers = busy[name];
    delete busy[name];
    if (headers) return Response.json({}, { status: 503, headers });
    return Response.json({ name, value: 1, unit: "m" });
  });
  const slots = pLimit(limit);
  await Promise.all([
    ask("http://any", slots, "a"),
    ask("http://any", slots, "b"),
  ]);
  fetch.mock.restore();
  return order;
}

test("the server says when to try again", async (t) => {
  const busy = { a: {}, b: { "Retry-After": "0" } };
  assert.deepEqual(await asked(t, 2, busy), ["a", "b", "b", "a"]);
  assert.equal(pause("7", 1), 7000);
  assert.equal(pause(null, 2), 2 * pause(null, 1));
});

test("a pause takes no slot", async (t) => {
  const busy = { a: {}, b: { "Retry-After": "0" } };
  assert.deepEqual(await asked(t, 1, busy), ["a", "b", "b", "a"]);
});

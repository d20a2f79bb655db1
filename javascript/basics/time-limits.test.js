import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { clock, mockApi, runNode } from "../helpers.js";
import { getName, stopTheWork, stopWaiting } from "./time-limits.js";

const endings = async (api) =>
  (await api.log()).map((entry) => entry.ending);

test("the work goes on when only the waiting stops", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const time = clock(t);
  const answer = getName(api.url);
  const waiting = stopWaiting(answer, 3000);
  await api.saw("GET /users/5");
  await time.advance(3000);
  assert.equal(await waiting, "too late");
  await api.release("/users/5");
  assert.equal(await answer, "Barbara");
  assert.deepEqual(await endings(api), ["completed"]);
});

test("a time limit stops the work", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const time = clock(t);
  const working = stopTheWork(api.url, 3000);
  await api.saw("GET /users/5");
  await time.advance(3000);
  assert.equal(await working, "too late");
  assert.deepEqual(await endings(api), ["client hung up"]);
});

test("an answer in time is kept", async (t) => {
  const api = await mockApi(t);
  assert.equal(await stopTheWork(api.url, 60_000), "Barbara");
  const answer = getName(api.url);
  assert.equal(await stopWaiting(answer, 60_000), "Barbara");
  assert.deepEqual(await endings(api), ["completed", "completed"]);
});

test("stopping by hand", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const controller = new AbortController();
  const answer = getName(api.url, controller.signal);
  await api.saw("GET /users/5");
  controller.abort();
  await assert.rejects(answer, {
    name: "AbortError",
    message: "This operation was aborted",
  });
  assert.deepEqual(await endings(api), ["client hung up"]);
});

test("the name of the error", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const signal = AbortSignal.timeout(10);
  await assert.rejects(getName(api.url, signal), (error) => {
    assert(error instanceof DOMException);
    assert.equal(error.name, "TimeoutError");
    assert.equal(
      error.message,
      "The operation was aborted due to timeout",
    );
    return true;
  });
});

// JavaScript only: in Python `except Exception` lets the limit through.
test("a catch swallows the limit", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  let caught = false;
  try {
    await getName(api.url, AbortSignal.timeout(10));
  } catch (error) {
    caught = error instanceof Error;
  }
  assert(caught);
});

test("code that does not await is not interrupted", async () => {
  const signal = AbortSignal.timeout(1);
  const start = performance.now();
  while (performance.now() - start < 10);
  assert.equal(signal.aborted, false);
  await sleep(10);
  assert.equal(signal.aborted, true);
});

test("limits out of range", async () => {
  const month = await runNode([
    "-e",
    `const signal = AbortSignal.timeout(2 ** 31);
     signal.onabort = () => console.log("aborted");
     setTimeout(() => console.log("fired"), 2 ** 31);`,
  ]);
  assert.deepEqual(month.stdout.split("\n").sort(), [
    "",
    "aborted",
    "fired",
  ]);
  assert.match(
    month.stderr,
    /TimeoutOverflowWarning: 2147483648 .*\nTimeout .* was set to 1\./,
  );

  const past = await runNode([
    "-e",
    'setTimeout(() => console.log("fired"), -1000);',
  ]);
  assert.equal(past.stdout, "fired\n");
  assert.match(
    past.stderr,
    /TimeoutNegativeWarning: -1000 is a negative number/,
  );
});

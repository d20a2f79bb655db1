import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

import { clock, mockApi, runNode, running } from "../helpers.js";
import {
  getName,
  main,
  stopTheWork,
  stopWaiting,
} from "./time-limits.js";

test("one answer comes after all, the other is stopped", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const time = clock(t);
  const program = running(() => main(api.url));
  await api.saw("GET /users/5");
  await time.advance(199);
  assert.deepEqual(program.lines, []);
  await time.advance(1);
  await program.prints("Stop waiting: too late\n");
  assert.deepEqual(await api.endings({ settled: false }), {
    "/users/5": null,
  });
  await api.release("/users/5");
  await program.prints("The answer, after all: Barbara\n");
  await api.saw("GET /users/4");
  await time.advance(199);
  assert.equal(program.lines.length, 2);
  await time.advance(1);
  await program.prints("Stop the work: too late\n");
  await program.done;
  assert.deepEqual(await api.endings(), {
    "/users/5": "completed",
    "/users/4": "client hung up",
  });
  // Nobody has asked again for the answer that was late.
  assert.equal((await api.log()).length, 2);
});

test("the work goes on when only the waiting stops", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const time = clock(t);
  const answer = getName(`${api.url}/users/5`);
  const waiting = stopWaiting(answer, 3000);
  await api.saw("GET /users/5");
  await time.advance(3000);
  assert.equal(await waiting, "too late");
  await api.release("/users/5");
  assert.equal(await answer, "Barbara");
  assert.deepEqual(await api.endings(), { "/users/5": "completed" });
});

test("a time limit stops the work", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const time = clock(t);
  const working = stopTheWork(`${api.url}/users/5`, 3000);
  await api.saw("GET /users/5");
  await time.advance(3000);
  assert.equal(await working, "too late");
  assert.deepEqual(await api.endings(), {
    "/users/5": "client hung up",
  });
});

test("an answer in time is kept", async (t) => {
  const api = await mockApi(t);
  const kept = await stopTheWork(`${api.url}/users/4`, 60_000);
  assert.equal(kept, "Edsger");
  const answer = getName(`${api.url}/users/5`);
  assert.equal(await stopWaiting(answer, 60_000), "Barbara");
  assert.deepEqual(await api.endings(), {
    "/users/4": "completed",
    "/users/5": "completed",
  });
  // Its timer would keep Node alive for a minute.
  const timers = process.getActiveResourcesInfo();
  assert(!timers.includes("Timeout"));
});

test("another failure is not called late", async (t) => {
  const api = await mockApi(t);
  const url = `${api.url}/status/503`;
  await assert.rejects(stopTheWork(url, 60_000), /HTTP 503/);
  await assert.rejects(stopWaiting(getName(url), 60_000), /HTTP 503/);
});

// JavaScript only: asyncio.run goes on until main has ended.
test("the limit holds if nothing else keeps Node alive", async () => {
  const alone = await runNode([
    "--eval",
    `import { stopWaiting } from "./basics/time-limits.js";
     const never = new Promise(() => {});
     console.log(await stopWaiting(never, 20));`,
  ]);
  const stdout = "too late\n";
  assert.deepEqual(alone, { code: 0, stdout, stderr: "" });
});

// What the language does, without the program.

/** What Node prints of an error, without the stack or the brackets. */
const first = (error) =>
  inspect(error)
    .split("\n")[0]
    .replace(/^\[(.*)\]$/, "$1");

test("stopping by hand", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const controller = new AbortController();
  const answer = getName(`${api.url}/users/5`, controller.signal);
  await api.saw("GET /users/5");
  controller.abort();
  await assert.rejects(answer, (error) => {
    const message =
      "DOMException [AbortError]: This operation was aborted";
    assert.equal(first(error), message);
    return error instanceof DOMException && error.name === "AbortError";
  });
  assert.deepEqual(await api.endings(), {
    "/users/5": "client hung up",
  });
});

test("the limit stops only what it reaches", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const time = clock(t);
  const signal = AbortSignal.timeout(3000);
  // This one knows nothing of the signal.
  const other = getName(`${api.url}/users/5`);
  const limited = getName(`${api.url}/users/4`, signal);
  const late = assert.rejects(limited, { name: "TimeoutError" });
  await api.saw("GET /users/*", 2);
  await time.advance(3000);
  await late;
  await api.ended("/users/4");
  assert.deepEqual(await api.endings({ settled: false }), {
    "/users/4": "client hung up",
    "/users/5": null,
  });
  await api.release("/users/5");
  assert.equal(await other, "Barbara");
});

// JavaScript only: a Python loop does not end before main has ended.
test("AbortSignal.timeout keeps no process alive", async () => {
  const alone = await runNode([
    "--eval",
    `const signal = AbortSignal.timeout(20);
     await new Promise((resolve) => { signal.onabort = resolve; });
     console.log("aborted");`,
  ]);
  assert.deepEqual([alone.code, alone.stdout], [13, ""]);

  // Nobody waits at the top level here.
  const inside = await runNode([
    "--eval",
    `const signal = AbortSignal.timeout(20);
     signal.onabort = () => console.log("aborted");`,
  ]);
  assert.deepEqual(inside, { code: 0, stdout: "", stderr: "" });
});

test("the name of the error", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const signal = AbortSignal.timeout(10);
  const url = `${api.url}/users/5`;
  await assert.rejects(getName(url, signal), (error) => {
    assert(error instanceof DOMException);
    assert.equal(error.name, "TimeoutError");
    const message =
      "DOMException [TimeoutError]: The operation was aborted due to timeout";
    assert.equal(first(error), message);
    return true;
  });
});

// JavaScript only: in Python `except Exception` lets the limit through.
test("a catch swallows the limit", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const signal = AbortSignal.timeout(10);
  let caught = false;
  try {
    await getName(`${api.url}/users/5`, signal);
  } catch (error) {
    caught = error instanceof Error;
  }
  assert(caught);
});

test("code that does not await is not interrupted", async () => {
  const signal = AbortSignal.timeout(1);
  const start = performance.now();
  while (performance.now() - start < 10);
  // Only microtasks run here.
  await null;
  assert.equal(signal.aborted, false);
  while (!signal.aborted) await sleep(1);
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
  const long =
    "TimeoutOverflowWarning: 2147483648 does not fit into a 32-bit signed integer.\nTimeout duration was set to 1.";
  assert(month.stderr.includes(long), month.stderr);

  const past = await runNode([
    "-e",
    'setTimeout(() => console.log("fired"), -1);',
  ]);
  assert.equal(past.stdout, "fired\n");
  const negative = "TimeoutNegativeWarning: -1 is a negative number.";
  assert(past.stderr.includes(negative), past.stderr);

  assert.throws(
    () => AbortSignal.timeout(0.5),
    (error) => {
      const message =
        'RangeError [ERR_OUT_OF_RANGE]: The value of "delay" is out of range. It must be an integer. Received 0.5';
      assert.equal(first(error), message);
      return true;
    },
  );
});

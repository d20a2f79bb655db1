import assert from "node:assert/strict";
import { test } from "node:test";
import timers from "node:timers/promises";
import { inspect } from "node:util";

import { clock, done, mockApi, runNode, running } from "../helpers.js";
import { main, work } from "./cleanup.js";

const FREE = { title: "Free for editing", body: "Go on" };

/** @param {string} url @param {AbortSignal} [signal] */
function put(url, signal) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(FREE);
  return fetch(url, { method: "PUT", headers, body, signal });
}

/** @typedef {Awaited<ReturnType<typeof mockApi>>} Api */

/**
 * What the API saw: method, path and ending, in order of arrival.
 * @param {Api} api
 * @param {{ settled?: boolean }} [options]
 */
async function requests(api, options) {
  const log = await api.log(options);
  return log.map(({ method, path, ending }) => [
    `${method} ${path}`,
    ending,
  ]);
}

/**
 * Begin the work, and let it come to where it waits.
 * @param {Api} api
 */
async function working(api) {
  await api.delay("*", 0);
  await api.hold("GET /notifications");
  const stop = new AbortController();
  const ended = Promise.allSettled([work(api.url, stop.signal)]);
  await api.saw("GET /notifications");
  return { stop, ended };
}

test("two stops and the mark is taken away", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.hold("GET /users/*");
  await api.hold("GET /notifications");
  const program = running(() => main(api.url));
  await api.saw("GET /users/1");
  await api.saw("GET /notifications");
  await api.hold("PUT *");
  await api.release("GET /users/1");
  await api.saw("GET /users/2");
  await api.saw("PUT /posts/1", 2);
  await api.release("GET /users/2");
  await program.prints("Stop 2");
  // The program waits for the clean-up.
  assert.equal(await done(program.done), false);
  assert.deepEqual(program.lines, ["Stop 1", "Stop 2"]);
  await api.release("PUT *");
  await program.done;
  assert.deepEqual(program.lines.slice(2), [
    "Was it stopped? Yes",
    "The mark says: Free for editing",
  ]);
  assert.deepEqual((await requests(api)).sort(), [
    ["GET /notifications", "client hung up"],
    ["GET /posts/1", "completed"],
    ["GET /users/1", "completed"],
    ["GET /users/2", "completed"],
    ["PUT /posts/1", "completed"],
    ["PUT /posts/1", "completed"],
  ]);
});

test("the clean-up outlives many stops", async (t) => {
  const api = await mockApi(t);
  const { stop, ended } = await working(api);
  await api.hold("PUT *");
  stop.abort();
  await api.saw("PUT /posts/1", 2);
  for (const _ of [1, 2, 3]) {
    stop.abort();
    assert.equal(await done(ended), false);
  }
  await api.release("PUT *");
  const [{ reason }] = /** @type {any} */ (await ended);
  assert.equal(reason, stop.signal.reason);
  assert.deepEqual(await requests(api), [
    ["PUT /posts/1", "completed"],
    ["GET /notifications", "client hung up"],
    ["PUT /posts/1", "completed"],
  ]);
});

test("a stop before the mark is known to be set", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.hold("PUT *");
  const stop = new AbortController();
  const ended = assert.rejects(work(api.url, stop.signal), {
    name: "AbortError",
  });
  await api.saw("PUT /posts/1");
  stop.abort();
  await api.saw("PUT /posts/1", 2);
  await api.release("PUT *");
  await ended;
  assert.deepEqual(await requests(api), [
    ["PUT /posts/1", "client hung up"],
    ["PUT /posts/1", "completed"],
  ]);
});

test("the clean-up runs after a success", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.hold("GET /users/*");
  const time = clock(t);
  const program = running(() => main(api.url));
  await api.ended("GET /notifications");
  const put = ["PUT /posts/1", "completed"];
  const get = ["GET /notifications", "completed"];
  /** @type {unknown[][]} */
  let log = [];
  let moved = 0;
  while (log.length < 4) {
    await time.advance(100);
    moved += 100;
    log = await requests(api, { settled: false });
  }
  // The answer takes a few turns to come in, before the pause begins.
  assert(moved >= 3000 && moved < 6000, `${moved} ms`);
  assert.deepEqual(log.slice(0, 3).sort(), [
    get,
    ["GET /users/1", null],
    put,
  ]);
  await api.ended("PUT /posts/1", 2);
  const bob = '{"title": "Bob is editing this"}';
  await api.answer("GET /posts/1", { body: bob });
  await api.release("GET /users/*");
  await program.done;
  assert.deepEqual(program.lines.slice(2), [
    "Was it stopped? No",
    "The mark says: Bob is editing this",
  ]);
});

test("the mark stands while the work goes on", async (t) => {
  const api = await mockApi(t);
  const { stop, ended } = await working(api);
  const title = async () =>
    (await (await fetch(`${api.url}/posts/1`)).json()).title;
  assert.equal(await title(), "Ada is editing this");
  stop.abort();
  await ended;
  assert.equal(await title(), "Free for editing");
});

test("a stop between two requests", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  const stop = new AbortController();
  const ended = assert.rejects(work(api.url, stop.signal), {
    name: "AbortError",
  });
  await api.ended("GET /notifications");
  await api.log();
  stop.abort();
  await ended;
  assert.deepEqual(await requests(api), [
    ["PUT /posts/1", "completed"],
    ["GET /notifications", "completed"],
    ["PUT /posts/1", "completed"],
  ]);
});

test("the clean-up runs after a failure", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.fail("GET /notifications", [500]);
  const { signal } = new AbortController();
  await assert.rejects(work(api.url, signal), { message: "HTTP 500" });
  assert.deepEqual(await requests(api), [
    ["PUT /posts/1", "completed"],
    ["GET /notifications", "completed"],
    ["PUT /posts/1", "completed"],
  ]);
});

test("a mark that may be set is taken away", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.fail("PUT *", [503]);
  const { signal } = new AbortController();
  await assert.rejects(work(api.url, signal), { message: "HTTP 503" });
  const log = await api.log();
  assert.deepEqual(
    log.map(({ status }) => status),
    [503, 200],
  );
});

test("if the rest fails the clean-up is awaited", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.hold("GET *");
  await api.fail("GET /users/2", [500]);
  const program = running(() => main(api.url));
  const ended = assert.rejects(program.done, { message: "HTTP 500" });
  await api.saw("GET /users/1");
  await api.saw("GET /notifications");
  await api.hold("PUT *");
  await api.release("GET /users/1");
  await api.saw("PUT /posts/1", 2);
  await api.release("GET /users/2");
  await api.ended("GET /users/2");
  await api.log({ settled: false });
  assert.equal(await done(ended), false);
  await api.release("PUT *");
  await ended;
  assert.deepEqual((await requests(api)).sort(), [
    ["GET /notifications", "client hung up"],
    ["GET /users/1", "completed"],
    ["GET /users/2", "completed"],
    ["PUT /posts/1", "completed"],
    ["PUT /posts/1", "completed"],
  ]);
});

test("if the rest fails the work is stopped", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.hold("GET *");
  await api.fail("GET /users/1", [500]);
  const program = running(() => main(api.url));
  const ended = assert.rejects(program.done, { message: "HTTP 500" });
  await api.saw("GET /notifications");
  await api.release("GET /users/1");
  await ended;
  assert.deepEqual((await requests(api)).sort(), [
    ["GET /notifications", "client hung up"],
    ["GET /users/1", "completed"],
    ["PUT /posts/1", "completed"],
    ["PUT /posts/1", "completed"],
  ]);
});

test("a failure of the work is no stop", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0);
  await api.hold("GET /users/*");
  await api.fail("PUT *", [503]);
  const program = running(() => main(api.url));
  await api.ended("PUT /posts/1", 2);
  await api.release("GET /users/*");
  await assert.rejects(program.done, { message: "HTTP 503" });
});

test("the clean-up has a limit of its own", async (t) => {
  const api = await mockApi(t);
  const { stop, ended } = await working(api);
  await api.hold("PUT *");
  const time = clock(t);
  stop.abort();
  await api.saw("PUT /posts/1", 2);
  await time.advance(4900);
  assert.equal(await done(ended), false);
  await time.advance(100);
  const [{ reason }] = /** @type {any} */ (await ended);
  assert.equal(reason.error.name, "TimeoutError");
  assert.deepEqual((await requests(api)).slice(2), [
    ["PUT /posts/1", "client hung up"],
  ]);
});

test("a clean-up that fails is noticed", async (t) => {
  const api = await mockApi(t);
  const { stop, ended } = await working(api);
  await api.fail("PUT *", [503]);
  stop.abort();
  const [{ reason }] = /** @type {any} */ (await ended);
  assert(reason instanceof SuppressedError);
  assert.equal(reason.error.message, "HTTP 503");
  assert.equal(reason.suppressed, stop.signal.reason);
});

// What the language does, without the program.

test("a stop during the clean-up", async (t) => {
  const api = await mockApi(t);
  await api.hold("GET /users/1");
  await api.hold("PUT *");
  const stop = new AbortController();
  const { signal } = stop;
  async function plain() {
    try {
      await fetch(`${api.url}/users/1`, { signal });
    } finally {
      await put(`${api.url}/posts/1`);
    }
  }
  const ended = assert.rejects(plain(), { name: "AbortError" });
  await api.saw("GET /users/1");
  stop.abort();
  await api.saw("PUT /posts/1");
  stop.abort();
  assert.equal(await done(ended), false);
  await api.release("PUT *");
  await ended;
  assert.deepEqual(await api.endings(), {
    "/users/1": "client hung up",
    "/posts/1": "completed",
  });
});

// JavaScript only: Python gives no signal to a request.
test("a clean-up with the aborted signal is not sent", async (t) => {
  const api = await mockApi(t);
  const stop = new AbortController();
  const { signal } = stop;
  await api.hold("GET /users/1");
  async function plain() {
    try {
      await fetch(`${api.url}/users/1`, { signal });
    } finally {
      await put(`${api.url}/posts/1`, signal);
    }
  }
  const ended = assert.rejects(plain(), { name: "AbortError" });
  await api.saw("GET /users/1");
  stop.abort();
  await ended;
  assert.deepEqual(await api.endings(), {
    "/users/1": "client hung up",
  });
});

// JavaScript only: `async with` waits for `__aexit__` in the same way.
test("await using waits for Symbol.asyncDispose", async () => {
  const cleaned = Promise.withResolvers();
  async function work() {
    await using _mark = {
      async [Symbol.asyncDispose]() {
        await cleaned.promise;
      },
    };
    return "done";
  }
  const working = work();
  assert.equal(await done(working), false);
  cleaned.resolve(undefined);
  assert.equal(await working, "done");
});

test("two failures", async () => {
  async function both() {
    try {
      throw new Error("no work");
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: it is shown here
      throw new Error("no clean-up");
    }
  }
  await assert.rejects(both(), (error) => {
    assert(error instanceof Error);
    assert.equal(error.message, "no clean-up");
    // The first failure is gone.
    assert.equal(error.cause, undefined);
    assert(!inspect(error).includes("no work"));
    return true;
  });
  async function bothKept() {
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => {
      throw new Error("no clean-up");
    });
    throw new Error("no work");
  }
  await assert.rejects(bothKept(), (error) => {
    assert(error instanceof SuppressedError);
    const text = "An error was suppressed during disposal";
    assert.equal(String(error), `SuppressedError: ${text}`);
    assert.equal(error.error.message, "no clean-up");
    assert.equal(error.suppressed.message, "no work");
    return true;
  });
});

// JavaScript only: a traceback in Python shows both.
test("Node does not show what a SuppressedError holds", async () => {
  const source = `
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => { throw new Error("no clean" + "-up"); });
    throw new Error("no" + " work");`;
  const args = ["--input-type=module", "--eval", source];
  const { code, stderr } = await runNode(args);
  assert.equal(code, 1);
  const text = "An error was suppressed during disposal";
  assert(stderr.includes(`SuppressedError: ${text}`));
  assert(!stderr.includes("no clean-up"));
  assert(!stderr.includes("no work"));
});

test("a return in finally swallows", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  async function work() {
    try {
      await timers.setTimeout(60_000, null, { signal });
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: it is shown here
      return "went on";
    }
  }
  const working = work();
  stop.abort();
  assert.equal(await working, "went on");
});

test("the clean-up comes before what is returned unawaited", async (t) => {
  const api = await mockApi(t);
  async function unawaited() {
    try {
      return fetch(`${api.url}/users/1`);
    } finally {
      await put(`${api.url}/posts/1`);
    }
  }
  async function awaited() {
    try {
      return await fetch(`${api.url}/users/2`);
    } finally {
      await put(`${api.url}/posts/2`);
    }
  }
  await api.hold("GET *");
  const first = unawaited();
  await api.saw("GET /users/1");
  await api.ended("PUT /posts/1");
  const endings = await api.endings({ settled: false });
  assert.deepEqual(endings, {
    "/users/1": null,
    "/posts/1": "completed",
  });
  const second = awaited();
  await api.saw("GET /users/2");
  await api.release("GET *");
  for (const response of [await first, await second]) {
    await response.body?.cancel();
  }
  const [getting, cleaning] = (await api.log()).slice(-2);
  assert.deepEqual(
    [getting.path, cleaning.path],
    ["/users/2", "/posts/2"],
  );
  assert(Number(getting.endedEvent) < cleaning.startedEvent);
});

test("what is left at the end of the program", async (t) => {
  const api = await mockApi(t);
  await api.hold("GET *");
  const source = `
    async function background(url) {
      try {
        await fetch(url);
        await new Promise(() => {});
      } finally {
        console.log("cleaned up");
      }
    }
    background("${api.url}/users/1");`;
  const args = ["--input-type=module", "--eval"];
  // With a request in flight, the program goes on until its answer.
  const waiting = runNode([...args, source]);
  await api.saw("GET /users/1");
  await api.release("GET *");
  assert.deepEqual(await waiting, { code: 0, stdout: "", stderr: "" });
  assert.deepEqual(await api.endings(), { "/users/1": "completed" });
  await api.hold("GET *");
  const exit = "setImmediate(() => process.exit());";
  const left = await runNode([...args, source + exit]);
  assert.deepEqual(left, { code: 0, stdout: "", stderr: "" });
});

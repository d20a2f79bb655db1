import assert from "node:assert/strict";
import { addAbortListener, getEventListeners, once } from "node:events";
import { test } from "node:test";
import timers from "node:timers/promises";

import { clock, done, mockApi, printed, running } from "../helpers.js";
import { loadProfile, main } from "./cancellation.js";

const turn = timers.setImmediate;

test("the loading is stopped in the middle", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  await api.hold("/users/5");
  const program = running(() => main(api.url));
  await api.saw("GET /posts");
  await api.release("/users/5");
  await program.done;
  assert.deepEqual(program.lines, [
    "Loading a profile",
    "The user goes on to Barbara",
    "The loading was stopped",
  ]);
  assert.deepEqual(await api.endings(), {
    "/users/1": "completed",
    "/users/2": "completed",
    "/posts": "client hung up",
    "/users/5": "completed",
  });
});

test("a stop leaves out the rest", async (t) => {
  const api = await mockApi(t);
  for (const path of ["/users/1", "/users/2", "/posts"]) {
    await api.hold(path);
    const stop = new AbortController();
    const loading = loadProfile(api.url, stop.signal);
    await api.saw(`GET ${path}`);
    stop.abort();
    await assert.rejects(loading, { name: "AbortError" });
    await api.release(path);
  }
  const log = await api.log();
  assert.deepEqual(
    log.map(({ path, ending }) => [path, ending]),
    [
      ["/users/1", "client hung up"],
      ["/users/1", "completed"],
      ["/users/2", "client hung up"],
      ["/users/1", "completed"],
      ["/users/2", "completed"],
      ["/posts", "client hung up"],
    ],
  );
});

test("a failed request is no stop", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [503]);
  const { signal } = new AbortController();
  const profile = "Ada, friend of Grace: 0 posts";
  assert.equal(await loadProfile(api.url, signal), profile);
  await api.drop("/posts");
  assert.equal(await loadProfile(api.url, signal), profile);
});

test("an answer that is no JSON", async (t) => {
  const api = await mockApi(t);
  await api.answer("/posts", { body: "no JSON" });
  const { signal } = new AbortController();
  // Nobody sees the error. In Python it is raised.
  const profile = "Ada, friend of Grace: 0 posts";
  assert.equal(await loadProfile(api.url, signal), profile);
});

/**
 * Wait until the program has the answer to `path`, too.
 * @param {Awaited<ReturnType<typeof mockApi>>} api
 * @param {string} path
 */
async function takenIn(api, path) {
  await api.ended(path);
  // It comes before the answers to these.
  for (let n = 0; n < 3; n++) {
    await (await fetch(`${api.url}/data`)).text();
  }
}

test("too late to stop", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const program = running(() => main(api.url));
  await takenIn(api, "/posts");
  await api.release("/users/5");
  await program.done;
  assert.equal(program.lines.at(-1), "Ada, friend of Grace: 10 posts");
});

test("another failure is not called a stop", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  await api.fail("/users/1", [500]);
  const program = running(() => main(api.url));
  await takenIn(api, "/users/1");
  await api.release("/users/5");
  await assert.rejects(program.done, /HTTP 500/);
});

// JavaScript only: it has to tell one abort from another.
test("the abort of somebody else is not called a stop", async (t) => {
  const { reason } = AbortSignal.abort();
  t.mock.method(globalThis, "fetch", async (url) => {
    if (url === "/users/1") throw reason;
    return Response.json({ name: "Barbara" });
  });
  const asking = printed(() => main(""));
  await assert.rejects(asking, (error) => error === reason);
});

test("if the rest fails the loading is stopped", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  await api.hold("/users/5");
  await api.fail("/users/5", [500]);
  const program = running(() => main(api.url));
  await api.saw("GET /posts");
  await api.release("/users/5");
  await assert.rejects(program.done, /HTTP 500/);
  assert.equal((await api.endings())["/posts"], "client hung up");
});

test("it ends only when the loading has ended", async (t) => {
  const stopped = Promise.withResolvers();
  const clean = Promise.withResolvers();
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (url === "/users/5") throw new TypeError("fetch failed");
    await once(signal, "abort");
    stopped.resolve(undefined);
    await clean.promise;
    throw signal.reason;
  });
  const ended = running(() => main("")).done;
  await stopped.promise;
  assert.equal(await done(ended), false);
  clean.resolve(undefined);
  await assert.rejects(ended, /fetch failed/);
});

// What the language does, without the program.

test("the error goes up from the innermost wait", async () => {
  const way = [];
  const stop = new AbortController();
  async function inner() {
    try {
      await timers.setTimeout(60_000, null, { signal: stop.signal });
    } finally {
      way.push("inner");
    }
  }
  async function outer() {
    try {
      await inner();
    } catch (error) {
      way.push("outer");
      throw error;
    }
  }
  const working = outer();
  stop.abort();
  await assert.rejects(working, { name: "AbortError" });
  assert.deepEqual(way, ["inner", "outer"]);
});

test("what the stop does not reach runs on", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const stop = new AbortController();
  const { signal } = stop;
  const unreached = fetch(`${api.url}/users/5`);
  const reached = fetch(`${api.url}/users/4`, { signal });
  const over = Promise.withResolvers();
  signal.addEventListener("abort", () => over.reject(signal.reason));
  // A race only stops waiting.
  const race = Promise.race([unreached, over.promise]);
  await api.saw("GET /users/*", 2);
  stop.abort();
  await assert.rejects(reached, { name: "AbortError" });
  await assert.rejects(race, { name: "AbortError" });
  await api.ended("/users/4");
  const log = await api.endings({ settled: false });
  assert.equal(log["/users/5"], null);
  await api.release("/users/5");
  assert.match(await (await unreached).text(), /Barbara/);
  assert.equal((await api.endings())["/users/5"], "completed");
});

// JavaScript only: a task has a cancel.
test("a promise has no cancel", () => {
  const methods = Object.getOwnPropertyNames(Promise.prototype);
  assert.deepEqual(methods.sort(), [
    "catch",
    "constructor",
    "finally",
    "then",
  ]);
});

test("a broad handler around the work", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  async function work() {
    try {
      await timers.setTimeout(60_000, null, { signal });
    } catch {
      return "swallowed";
    }
  }
  const working = work();
  stop.abort();
  assert.equal(await working, "swallowed");
  assert(signal.reason instanceof Error);
});

test("after a swallowed stop the work goes on", async (t) => {
  const api = await mockApi(t);
  const stop = new AbortController();
  const { signal } = stop;
  async function work() {
    await timers
      .setTimeout(60_000, null, { signal })
      .catch(() => "swallowed");
    const response = await fetch(`${api.url}/users/1`);
    return (await response.json()).name;
  }
  const working = work();
  stop.abort();
  assert.equal(await working, "Ada");
  assert.deepEqual(await api.endings(), { "/users/1": "completed" });
  // The signal stays as it is: nothing more goes out with it.
  assert.equal(signal.aborted, true);
  const again = fetch(`${api.url}/users/2`, { signal });
  await assert.rejects(again, { name: "AbortError" });
  assert.equal((await api.log()).length, 1);
});

test("stopped before the first step", async (t) => {
  const api = await mockApi(t);
  const steps = [];
  /** @param {AbortSignal} signal */
  async function work(signal) {
    try {
      steps.push("begun");
      await fetch(`${api.url}/users/1`, { signal });
    } finally {
      steps.push("cleaned up");
    }
  }
  await assert.rejects(work(AbortSignal.abort()), {
    name: "AbortError",
  });
  assert.deepEqual(steps, ["begun", "cleaned up"]);
  assert.deepEqual(await api.log(), []);
});

test("what the error says", async (t) => {
  const api = await mockApi(t);
  /** @param {AbortSignal} signal @returns {Promise<any>} */
  const fetchFails = (signal) =>
    fetch(api.url, { signal }).catch((error) => error);
  /** @param {AbortSignal} signal @returns {Promise<any>} */
  const sleepFails = (signal) =>
    timers.setTimeout(9, null, { signal }).catch((error) => error);

  const signal = AbortSignal.abort();
  const error = await fetchFails(signal);
  assert.equal(error, signal.reason);
  assert.equal(String(error), "AbortError: This operation was aborted");
  const other = await sleepFails(signal);
  assert.equal(String(other), "AbortError: The operation was aborted");
  assert.equal(other.cause, signal.reason);

  const left = AbortSignal.abort(new Error("left"));
  assert.equal(await fetchFails(left), left.reason);
  assert.equal((await fetchFails(left)).name, "Error");
  assert.equal((await sleepFails(left)).name, "AbortError");
  assert.equal((await sleepFails(left)).cause, left.reason);
});

test("a stop only asks", async () => {
  const stop = new AbortController();
  const clean = Promise.withResolvers();
  async function work() {
    try {
      const { signal } = stop;
      await timers.setTimeout(60_000, null, { signal });
    } finally {
      await clean.promise;
    }
  }
  const ended = Promise.allSettled([work()]);
  stop.abort();
  const first = Promise.race([ended, turn("not yet")]);
  assert.equal(await first, "not yet");
  clean.resolve(undefined);
  const [outcome] = await ended;
  assert.equal(outcome.status, "rejected");
});

test("work of your own that can be stopped", async (t) => {
  const time = clock(t);
  /** @param {number} ms @param {AbortSignal} signal */
  async function pause(ms, signal) {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers();
    const timer = setTimeout(resolve, ms);
    using _listener = addAbortListener(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
    await promise;
  }
  const stop = new AbortController();
  const first = pause(3000, stop.signal);
  await time.advance(3000);
  await first;
  assert.equal(getEventListeners(stop.signal, "abort").length, 0);
  const second = pause(3000, stop.signal);
  stop.abort();
  await assert.rejects(second, { name: "AbortError" });
  await assert.rejects(pause(1, stop.signal), { name: "AbortError" });
});

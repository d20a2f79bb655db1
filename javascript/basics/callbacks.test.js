import assert from "node:assert/strict";
import { test } from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import { limited, mockApi, runNode, running } from "../helpers.js";
import { answer, ask, main } from "./callbacks.js";

/** Fail where nobody calls back, rather than wait for ever. */
const soon = (promise) => limited(promise, () => "nobody calls back");

test("the caller goes on before it is called back", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  await api.saw("GET /users/*", 3);
  assert.deepEqual(program.lines, ["The caller goes on"]);
  await api.release("*");
  await program.done;
});

test("each style hears of its answer when it comes", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  await api.release("/users/2");
  await program.prints("Settled: Grace\n");
  await api.release("/users/1");
  await program.prints("Called back: Ada\n");
  assert(!program.output.includes("Awaited"));
  await api.release("/users/3");
  await program.done;
  assert.equal(program.lines.at(-1), "Awaited: Alan");
});

test("a callback waits even if the result is there", async (t) => {
  const api = await mockApi(t);
  const order = [];
  const promise = answer(api.url, 1);
  assert.equal(await promise, "Ada");
  const called = promise.then(() => order.push("callback"));
  order.push("caller");
  await called;
  assert.deepEqual(order, ["caller", "callback"]);
});

test("a failure goes to the other callback", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1", [500]);
  const heard = Promise.withResolvers();
  ask(api.url, 1, heard.reject, heard.resolve);
  const error = await soon(heard.promise);
  assert.match(error.message, /HTTP 500/);
});

test("a wrapped failure is raised by await", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1", [500]);
  await assert.rejects(soon(answer(api.url, 1)), /HTTP 500/);
});

const BROKEN = `
  import { ask } from "./basics/callbacks.js";
  const called = Promise.withResolvers();
  try {
    ask(process.env.API, 1, (name) => {
      called.resolve();
      throw new Error("no room for " + name);
    }, () => console.log("told of it"));
    await called.promise;
  } catch {
    console.log("caught");
  }
  console.log("the caller goes on");
  await new Promise(setImmediate);
  console.log("still here");
`;

test("a try around the call misses what a callback raises", async (t) => {
  const api = await mockApi(t);
  const ended = await runNode(["-e", BROKEN], { API: api.url });
  assert.equal(ended.stdout, "the caller goes on\n");
  // Node says so and ends.
  assert.match(ended.stderr, /Error: no room for Ada/);
  assert.equal(ended.code, 1);
});

test("a handler for all can hear of it", async (t) => {
  const api = await mockApi(t);
  const handler = `
    process.on("uncaughtException", (error) => {
      console.log("heard:", error.message);
    });
  `;
  const ended = await runNode(["-e", handler + BROKEN], {
    API: api.url,
  });
  assert.equal(
    ended.stdout,
    "the caller goes on\nheard: no room for Ada\nstill here\n",
  );
  assert.equal(ended.code, 0);
});

// JavaScript only: a Python coroutine that nobody awaits never runs.
test("an async callback runs and is not waited for", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/2");
  const heard = Promise.withResolvers();
  ask(api.url, 1, async (name) => {
    heard.resolve([name, await answer(api.url, 2)]);
  });
  await api.saw("GET /users/2");
  await api.release("/users/2");
  assert.deepEqual(await heard.promise, ["Ada", "Grace"]);
});

// JavaScript only: Python has no convention that says what comes first.
test("promisify wraps a callback that takes the error first", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/2", [500]);
  const wrapped = promisify(
    (
      /** @type {number} */ userId,
      /** @type {(error: Error | null, name?: string) => void} */ done,
    ) => ask(api.url, userId, (name) => done(null, name), done),
  );
  assert.equal(await wrapped(1), "Ada");
  await assert.rejects(wrapped(2), /HTTP 500/);
});

// JavaScript only: Python's threads share their functions.
test("another thread cannot be given a callback", () => {
  const callback = () => {};
  assert.throws(
    () => new Worker("", { eval: true, workerData: callback }),
    { name: "DataCloneError" },
  );
});

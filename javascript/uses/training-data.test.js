import assert from "node:assert/strict";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import threads, { Worker } from "node:worker_threads";

import {
  clock,
  limited,
  mockApi,
  printed,
  runNode,
  running,
} from "../helpers.js";
import { known, learnInWorker, main } from "./training-data.js";

const PROGRAM = new URL("./training-data.js", import.meta.url);
const { signal: never } = new AbortController();
const unsettled = { settled: false };

// A worker that a red test has left would keep this file from its end.
/** @type {Worker[]} */
const begun = [];
threads.Worker = class extends Worker {
  /** @param {ConstructorParameters<typeof Worker>} args */
  constructor(...args) {
    super(...args);
    begun.push(this);
  }
};
syncBuiltinESMExports();
after(() => Promise.all(begun.map((worker) => worker.terminate())));

// Its worker computes until the API answers: the log shows when.
const ASKING = `
  const { parentPort, workerData } = require("node:worker_threads");
  parentPort.on("message", async ({ id, words }) => {
    const path = typeof words === "string" ? words : "";
    const response = await fetch(workerData + path);
    if (response.status >= 500)
      throw new Error("model " + response.status);
    await response.text();
    parentPort.postMessage({ id, count: response.status });
  });`;

/**
 * It does not take the time that the program asks for.
 * @param {import("node:test").TestContext} t
 */
async function quickApi(t) {
  const api = await mockApi(t);
  await api.delay("*", 0);
  return api;
}

/** @param {string} url */
function asking(url) {
  return new Worker(ASKING, { eval: true, workerData: url });
}

/**
 * Let the program's model ask for /notifications.
 * @param {import("node:test").TestContext} t
 * @param {string} apiUrl
 */
function modelAsks(t, apiUrl) {
  const real = threads.Worker;
  threads.Worker = class extends real {
    constructor() {
      const workerData = `${apiUrl}/notifications`;
      super(ASKING, { eval: true, workerData });
    }
  };
  syncBuiltinESMExports();
  t.after(() => {
    threads.Worker = real;
    syncBuiltinESMExports();
  });
}

/** @param {string} url */
async function get(url) {
  await (await fetch(url)).text();
}

async function logOf(api, path, options = {}) {
  const log = await api.log(options);
  return log.filter((entry) => entry.path === path);
}

test("the model knows more with each batch", async (t) => {
  const api = await quickApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Words known: 4\n" +
      "Words known: 11\n" +
      "Words known: 18\n" +
      "Words known: 22\n" +
      "Words known: 29\n" +
      "Words known: 35\n",
  );
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.path),
    [1, 2, 3, 4, 5, 6].map((n) => `/posts/${n}`),
  );
});

test("with a slow model three batches wait", async (t) => {
  const api = await quickApi(t);
  await api.hold("/notifications");
  modelAsks(t, api.url);
  const program = running(() => main(api.url));
  await api.saw("GET /notifications");
  // They come while the model computes: one for it, three more.
  await api.ended("GET /posts/4");
  // A fifth one would have left before these.
  for (let n = 0; n < 3; n++) await get(`${api.url}/data`);
  const asked = new Set((await api.log(unsettled)).map((e) => e.path));
  const posts = [1, 2, 3, 4].map((n) => `/posts/${n}`);
  assert.deepEqual(
    asked,
    new Set(["/data", "/notifications", ...posts]),
  );
  await api.release("/notifications");
  await program.done;
  assert.deepEqual(program.lines, Array(6).fill("Words known: 200"));
  // It leaves when the model has taken the second batch.
  const [fifth] = await logOf(api, "/posts/5");
  const [first] = await logOf(api, "/notifications");
  assert(fifth.startedEvent > Number(first.endedEvent));
});

test("with a slow api the model waits", async (t) => {
  const api = await quickApi(t);
  clock(t); // the limit of five seconds does not end the fetch
  await api.hold("/posts/2");
  modelAsks(t, api.url);
  const program = running(() => main(api.url));
  await api.saw("GET /posts/2");
  // The first batch is learned while the second is on its way.
  await program.prints("Words known: 200");
  await get(`${api.url}/data`);
  const asked = await logOf(api, "/notifications", unsettled);
  assert.equal(asked.length, 1);
  await api.release("/posts/2");
  await program.done;
  assert.equal(program.lines.length, 6);
});

test("the model stays in the worker", async () => {
  await using worker = new Worker(PROGRAM);
  assert.equal(await learnInWorker(worker, ["to", "be"], never), 2);
  assert.equal(await learnInWorker(worker, ["to", "do"], never), 3);
  // A second worker has a model of its own.
  await using other = new Worker(PROGRAM);
  assert.equal(await learnInWorker(other, ["to", "be"], never), 2);
  assert.equal(known.size, 0);
});

test("each call gets its own answer", async (t) => {
  const api = await quickApi(t);
  await api.answer("/users/1", { status: 201 });
  await api.answer("/users/2", { status: 202 });
  await api.hold("/users/1");
  await using worker = asking(`${api.url}/users/`);
  let first = 0;
  const learning = learnInWorker(worker, "1", never).then((count) => {
    first = count;
  });
  await api.saw("GET /users/1");
  // The answer to the second question comes first.
  assert.equal(await learnInWorker(worker, "2", never), 202);
  assert.equal(first, 0);
  await api.release("/users/1");
  await learning;
  assert.equal(first, 201);
});

test("a model that fails ends the fetch", async (t) => {
  const api = await quickApi(t);
  clock(t); // the limit of five seconds does not end the fetch
  await api.hold("/posts/2");
  await api.fail("/notifications", [500]);
  modelAsks(t, api.url);
  const program = running(() => main(api.url));
  // Held, it ends only if somebody hangs up.
  await api.ended("GET /posts/2");
  await assert.rejects(program.done, { message: "model 500" });
  const [second] = await logOf(api, "/posts/2");
  assert.equal(second.ending, "client hung up");
});

test("a fetch that fails ends the wait", async (t) => {
  const api = await quickApi(t);
  clock(t); // the limit of five seconds does not end the fetch
  await api.hold("/notifications");
  await api.hold("/posts/2");
  modelAsks(t, api.url);
  const program = running(() => main(api.url));
  await api.saw("GET /posts/2");
  await api.saw("GET /notifications");
  await api.fail("/posts/2", [500]);
  await api.release("/posts/2");
  await assert.rejects(program.done, { message: "HTTP 500" });
  // The worker has ended with its block, and its request, too.
  const [work] = await logOf(api, "/notifications");
  assert.equal(work.ending, "client hung up");
});

test("a worker that ends fails the call", async () => {
  const code = `require("node:worker_threads").parentPort
    .once("message", () => process.exit(1));`;
  await using worker = new Worker(code, { eval: true });
  const call = learnInWorker(worker, [], never);
  await assert.rejects(
    limited(call, () => "no answer"),
    { message: "the worker has ended" },
  );
});

// JavaScript only: in Python each call has a future of its own.
test("a late answer is not taken for the next one", async (t) => {
  const api = await quickApi(t);
  await api.answer("/users/1", { status: 201 });
  await api.answer("/users/2", { status: 202 });
  await api.hold("/users/*");
  await using worker = asking(`${api.url}/users/`);
  const stop = new AbortController();
  const first = learnInWorker(worker, "1", stop.signal);
  await api.saw("GET /users/1");
  stop.abort();
  await assert.rejects(first, {
    name: "AbortError",
    message: "The operation was aborted",
  });
  const late = once(worker, "message");
  const second = learnInWorker(worker, "2", never);
  await api.release("/users/1");
  assert.equal((await late)[0].count, 201);
  await api.release("/users/2");
  assert.equal(await second, 202);
});

// What the language does, without the program.

test("one after the other they do not meet", async (t) => {
  const api = await quickApi(t);
  await using worker = asking(`${api.url}/notifications`);
  for (let n = 0; n < 2; n++) {
    await get(`${api.url}/posts`);
    await learnInWorker(worker, [], never);
  }
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 1, 1, 1],
  );
});

// JavaScript only: Python's queue has one buffer.
test("a stream of two holds three", async () => {
  /** @type {number[]} */
  const made = [];
  async function* numbers() {
    for (let n = 0; n < 9; n++) {
      made.push(n);
      yield n;
    }
  }
  const queue = new PassThrough({ objectMode: true, highWaterMark: 2 });
  const going = pipeline(numbers(), queue);
  for (let n = 0; n < 100; n++) await turn();
  assert.deepEqual(made, [0, 1, 2]);
  assert.equal(queue.readableLength, 2);
  assert.equal(queue.writableLength, 2);
  await queue.resume().toArray();
  await going;
});

// JavaScript only: a queue of Python has no limit by default.
test("a stream of objects has a limit by default", () => {
  const queue = new PassThrough({ objectMode: true });
  assert.equal(queue.readableHighWaterMark, 16);
  assert.equal(queue.writableHighWaterMark, 16);
});

test("a worker can be terminated", async (t) => {
  const api = await quickApi(t);
  await api.hold("/notifications");
  const worker = asking(`${api.url}/notifications`);
  const working = learnInWorker(worker, [], never);
  working.catch(() => {}); // the test awaits it later
  await api.saw("GET /notifications");
  await worker.terminate();
  await assert.rejects(
    limited(working, () => "no answer"),
    { message: "the worker has ended" },
  );
  const [work] = await logOf(api, "/notifications");
  assert.equal(work.ending, "client hung up");
});

// JavaScript only: a pool of Python fails the call.
test("once does not notice that a worker has ended", async () => {
  const failing = new Worker(`throw new Error("9")`, { eval: true });
  await assert.rejects(once(failing, "message"), { message: "9" });
  // Without an error it waits on.
  const { code, stderr } = await runNode([
    "--input-type=module",
    "-e",
    `import { once } from "node:events";
     import { Worker } from "node:worker_threads";
     const worker = new Worker("process.exit()", { eval: true });
     await once(worker, "message");`,
  ]);
  assert.equal(code, 13);
  assert.match(
    stderr,
    /^Warning: Detected unsettled top-level await at /,
  );
});

test("not every error survives the way back", async () => {
  const thrown = async (/** @type {string} */ error) => {
    const code = `
      class HttpError extends Error {
        name = "HttpError";
      }
      throw ${error};`;
    return (await once(new Worker(code, { eval: true }), "error"))[0];
  };
  const own = await thrown('new HttpError("HTTP 500")');
  assert.equal(own.constructor, Error);
  assert.deepEqual([own.name, own.message], ["HttpError", "HTTP 500"]);
  assert((await thrown('new RangeError("9")')) instanceof RangeError);
  assert((await thrown('new TypeError("9")')) instanceof TypeError);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { mockApi, printed } from "../helpers.js";
import {
  getBatch,
  known,
  learnInWorker,
  main,
  train,
} from "./training-data.js";

const PROGRAM = new URL("./training-data.js", import.meta.url);

// Its worker computes until the API answers: the log shows when.
const ASKING = `
  const { parentPort, workerData } = require("node:worker_threads");
  parentPort.on("message", async () => {
    const response = await fetch(workerData);
    if (!response.ok) throw new Error("HTTP " + response.status);
    await response.text();
    parentPort.postMessage(response.status);
  });`;

function asking(apiUrl) {
  const workerData = `${apiUrl}/notifications`;
  return new Worker(ASKING, { eval: true, workerData });
}

/** The training, which waits for the first batch. */
async function training(api, worker) {
  // It is answered when `/data` is asked for, too.
  await api.rendezvous("*", 2);
  const task = train(api.url, worker);
  task.catch(() => {}); // the test awaits it later
  await api.saw("GET /posts");
  return { task };
}

async function get(url) {
  await (await fetch(url)).text();
}

async function answerTheFirstBatchOnly(api) {
  await api.hold("/posts");
  await get(`${api.url}/data`);
  await api.rendezvous("*", 1);
  await api.saw("GET /posts", 2);
}

async function logOf(api, path, options = {}) {
  const log = await api.log(options);
  return log.filter((entry) => entry.path === path);
}

test("fewer words are new with each batch", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Batch 1: 25 new words\n" +
      "Batch 2: 22 new words\n" +
      "Batch 3: 10 new words\n",
  );
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.query),
    ["limit=4", "cursor=after-7&limit=4", "cursor=after-3&limit=4"],
  );
});

test("the worker and the next request meet", async (t) => {
  const api = await mockApi(t);
  // Each is answered only while another one is in flight.
  await api.rendezvous("*", 2);
  await using worker = asking(api.url);
  const task = train(api.url, worker);
  // With the first batch, and the last, nothing else goes on.
  await get(`${api.url}/data`);
  await api.saw("GET /notifications", 3);
  await get(`${api.url}/data`);
  assert.deepEqual(await task, [200, 200, 200]);
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 2, 1, 2, 1, 2, 1, 2],
  );
  assert(log.every((entry) => entry.status === 200));
});

test("one after the other they never meet", async (t) => {
  const api = await mockApi(t);
  await using worker = asking(api.url);
  /** @type {string | undefined} */
  let url = `${api.url}/posts?limit=4`;
  while (url) {
    const batch = await getBatch(url);
    await learnInWorker(worker, batch.words);
    url = batch.next;
  }
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 1, 1, 1, 1, 1],
  );
});

test("it is one batch ahead and no more", async (t) => {
  const api = await mockApi(t);
  await api.hold("/notifications");
  await using worker = asking(api.url);
  const task = train(api.url, worker);
  await api.saw("GET /notifications");
  await api.saw("GET /posts", 2);
  // The next batch is there, and the worker still computes.
  let fetched = await logOf(api, "/posts", { settled: false });
  while (fetched[1].ended === null) {
    fetched = await logOf(api, "/posts", { settled: false });
  }
  await get(`${api.url}/data`);
  await api.release("/notifications");
  await task;
  const batches = await logOf(api, "/posts");
  const computed = await logOf(api, "/notifications");
  assert.deepEqual([batches.length, computed.length], [3, 3]);
  const ended = Number(computed[0].endedEvent);
  assert(batches[1].startedEvent < ended);
  assert(batches[2].startedEvent > ended);
});

test("what the worker learns stays there", async () => {
  await using worker = new Worker(PROGRAM);
  assert.equal(await learnInWorker(worker, ["to", "be"]), 2);
  assert.equal(await learnInWorker(worker, ["to", "do"]), 1);
  assert.equal(known.size, 0);
});

test("a worker that fails ends the fetch", async (t) => {
  const api = await mockApi(t);
  await api.hold("/notifications");
  await using worker = asking(api.url);
  const { task } = await training(api, worker);
  await answerTheFirstBatchOnly(api);
  await api.saw("GET /notifications");
  await api.fail("/notifications", [500]);
  await api.release("/notifications");
  await assert.rejects(task, { message: "HTTP 500" });
  const [, fetched] = await logOf(api, "/posts");
  assert.equal(fetched.ending, "client hung up");
});

test("a fetch that fails does not stop the worker", async (t) => {
  const api = await mockApi(t);
  await api.hold("/notifications");
  await using worker = asking(api.url);
  const { task } = await training(api, worker);
  await answerTheFirstBatchOnly(api);
  await api.saw("GET /notifications");
  await api.fail("/posts", [500]);
  await api.release("/posts");
  await assert.rejects(task, { message: "HTTP 500" });
  const options = { settled: false };
  const [work] = await logOf(api, "/notifications", options);
  assert.equal(work.ending, null);
  await api.release("/notifications");
  const [later] = await logOf(api, "/notifications");
  assert.equal(later.ending, "completed");
});

test("a worker can be terminated", async (t) => {
  const api = await mockApi(t);
  await api.hold("/notifications");
  const worker = asking(api.url);
  worker.postMessage([]);
  await api.saw("GET /notifications");
  await worker.terminate();
  const [work] = await logOf(api, "/notifications");
  assert.equal(work.ending, "client hung up");
});

test("not every error survives the way back", async () => {
  await using worker = new Worker(
    `class HttpError extends Error {
       name = "HttpError";
     }
     require("node:worker_threads").parentPort.on("message", () => {
       throw new HttpError("HTTP 500");
     });`,
    { eval: true },
  );
  const error = await learnInWorker(worker, []).catch((error) => error);
  assert.equal(error.message, "HTTP 500");
  assert.equal(error.constructor, Error); // no HttpError any more
});

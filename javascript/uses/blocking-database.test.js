import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { mockApi, printed } from "../helpers.js";
import { askElsewhere, askHere, main } from "./blocking-database.js";

/**
 * A worker that runs some code, with `data` as its workerData.
 * @param {string} code
 * @param {unknown} data
 */
function workerOf(code, data) {
  const start = `
    const { DatabaseSync } = require("node:sqlite");
    const { parentPort, workerData: data } =
      require("node:worker_threads");`;
  return new Worker(start + code, { eval: true, workerData: data });
}

test("the heart stops only for the question in the loop", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "In the loop: 200000 pairs, not one beat\n" +
      "In a thread: 200000 pairs, the heart beats on\n",
  );
});

test("async in front of it changes nothing", async () => {
  /** @type {string[]} */
  const happened = [];

  /** @param {typeof askHere} question */
  async function ask(question) {
    happened.push("asked");
    await question(["one title"]);
    happened.push("answered");
  }

  async function beat() {
    await null;
    happened.push("beat");
  }

  await Promise.all([ask(askHere), beat()]);
  await Promise.all([ask(askElsewhere), beat()]);
  assert.deepEqual(happened, [
    ...["asked", "answered", "beat"],
    ...["asked", "beat", "answered"],
  ]);
});

test("only a query elsewhere can wait for the loop", async () => {
  const beaten = new Int32Array(new SharedArrayBuffer(4));
  const beat = () => {
    Atomics.store(beaten, 0, 1);
    Atomics.notify(beaten, 0);
  };

  using database = new DatabaseSync(":memory:");
  database.function("beaten", (limit) =>
    Atomics.wait(beaten, 0, 0, Number(limit)),
  );
  setImmediate(beat);
  assert.deepEqual(
    { ...database.prepare("select beaten(50) as how").get() },
    { how: "timed-out" },
  );
  await turn();

  Atomics.store(beaten, 0, 0);
  const worker = workerOf(
    `const database = new DatabaseSync(":memory:");
     database.function("beaten", (limit) =>
       Atomics.wait(data, 0, 0, limit));
     const query = "select beaten(10000) as how";
     parentPort.postMessage(database.prepare(query).get().how);`,
    beaten,
  );
  const ended = once(worker, "exit");
  const answer = once(worker, "message");
  await once(worker, "online");
  setImmediate(beat);
  assert.notEqual((await answer)[0], "timed-out");
  await ended;
});

test("a connection stays in its thread", async () => {
  using database = new DatabaseSync(":memory:");
  assert.throws(() => workerOf("", database), {
    name: "DataCloneError",
    message: "Cannot clone object of unsupported type.",
  });
});

// JavaScript only: Python can interrupt the query.
test("a terminated worker ends only after its query", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "test-"));
  const file = join(folder.path, "numbers.db");
  using database = new DatabaseSync(file);
  database.exec("create table counted (n)");
  const worker = workerOf(
    `const database = new DatabaseSync(data, { timeout: 10_000 });
     database.exec(\`with recursive numbers(n) as
       (select 1 union all select n + 1 from numbers where n < 200000)
       insert into counted select count(*) from numbers\`);`,
    file,
  );
  while (!isBeingWritten(database)) await turn();
  await worker.terminate();
  const row = database.prepare("select n from counted").get();
  assert.equal(row?.n, 200_000);
});

/** @param {DatabaseSync} database */
function isBeingWritten(database) {
  try {
    database.exec("begin immediate; rollback");
    return false;
  } catch (error) {
    assert.equal(error.message, "database is locked");
    return true;
  }
}

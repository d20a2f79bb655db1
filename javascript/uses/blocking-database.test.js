import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { limited, printed, runNode } from "../helpers.js";
import {
  askElsewhere,
  askHere,
  main,
  show,
} from "./blocking-database.js";

const PROGRAM = new URL("./blocking-database.js", import.meta.url);

/** The worker of the program, with its database. */
const opened = () => new Worker(PROGRAM);

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

test("the loop stands still for the query in it", async () => {
  assert.equal(
    await printed(main),
    "In the loop: 4000000 pairs, the loop stands still\n" +
      "In a thread: 4000000 pairs, the loop goes on\n",
  );
});

test("the program closes what it opens", async (t) => {
  const real = DatabaseSync.prototype[Symbol.dispose];
  const { prototype } = DatabaseSync;
  t.after(() => {
    prototype[Symbol.dispose] = real;
  });
  let closed = 0;
  const terminate = t.mock.method(Worker.prototype, "terminate");
  prototype[Symbol.dispose] = function () {
    closed += 1;
    real.call(this);
  };
  await printed(main);
  assert.equal(closed, 1);
  // The other one ends with its worker.
  assert.equal(terminate.mock.callCount(), 1);
});

test("async in front of it changes nothing", async () => {
  /** @type {string[]} */
  const happened = [];

  /** @param {() => Promise<unknown>} ask */
  async function query(ask) {
    happened.push("asked");
    await ask();
    happened.push("answered");
  }

  async function beat() {
    await null;
    happened.push("beat");
  }

  using here = new DatabaseSync(":memory:");
  await using worker = opened();
  await Promise.all([query(() => askHere(here, "select 1")), beat()]);
  await Promise.all([
    query(() => askElsewhere(worker, "select 1")),
    beat(),
  ]);
  assert.deepEqual(happened, [
    ...["asked", "answered", "beat"],
    ...["asked", "beat", "answered"],
  ]);
});

/** @param {Int32Array} flag */
function raise(flag) {
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
}

test("a query elsewhere waits for the loop", async () => {
  const turned = new Int32Array(new SharedArrayBuffer(4));
  await using worker = workerOf(
    `const database = new DatabaseSync(":memory:");
     database.function("turned", () => {
       parentPort.postMessage("begun");
       return Atomics.wait(data, 0, 0, 10_000);
     });
     const query = database.prepare("select turned() as how");
     parentPort.postMessage(query.get().how);`,
    turned,
  );
  // The query has begun, and the loop takes a turn before its end.
  assert.deepEqual(await once(worker, "message"), ["begun"]);
  setImmediate(() => raise(turned));
  assert.notEqual((await once(worker, "message"))[0], "timed-out");
});

test("a query in the loop waits for it in vain", async () => {
  const turned = new Int32Array(new SharedArrayBuffer(4));
  using here = new DatabaseSync(":memory:");
  here.function("turned", () => Atomics.wait(turned, 0, 0, 50));
  setImmediate(() => raise(turned));
  const row = here.prepare("select turned() as how").get();
  assert.equal(row?.how, "timed-out");
  await turn();
});

test("what a call stored is there for the next", async () => {
  await using worker = opened();
  await askElsewhere(worker, "create table a (n)");
  await askElsewhere(worker, "insert into a values (1)");
  await askElsewhere(worker, "insert into a values (2)");
  const rows = await askElsewhere(worker, "select n from a");
  assert.deepEqual(rows, [{ n: 1 }, { n: 2 }]);
});

test("each call gets its own answer", async () => {
  await using worker = opened();
  const numbers = Array.from({ length: 8 }, (_, n) => n);
  const calls = numbers.map((n) =>
    askElsewhere(worker, `select ${n} as n`),
  );
  // An error is for the call whose query it was.
  const failing = askElsewhere(worker, "select a from b");
  const rejected = assert.rejects(failing, /no such table: b/);
  assert.deepEqual(
    await Promise.all(calls),
    numbers.map((n) => [{ n }]),
  );
  await rejected;
});

test("an error comes back and the next call works", async () => {
  await using worker = opened();
  const failing = askElsewhere(worker, "select a from b");
  await assert.rejects(
    limited(failing, () => "no answer"),
    { message: "no such table: b" },
  );
  const rows = await askElsewhere(worker, "select 1 as n");
  assert.deepEqual(rows, [{ n: 1 }]);
});

test("show counts no turn for an answer that is there", async () => {
  const answered = async () => [{ pairs: 7 }];
  assert.equal(
    await printed(() => show("Now", answered())),
    "Now: 7 pairs, the loop stands still\n",
  );
});

// JavaScript only: a thread of Python does not end on its own.
test("a worker that ends fails the call", async () => {
  const code = `parentPort.once("message", () => process.exit(1));`;
  await using worker = workerOf(code, null);
  const call = askElsewhere(worker, "select 1");
  await assert.rejects(
    limited(call, () => "no answer"),
    { message: "the worker has ended" },
  );
});

// JavaScript only: a future of Python has no listeners.
test("eleven calls at once are many listeners", async () => {
  const { code, stderr } = await runNode([
    "--input-type=module",
    "-e",
    `import { Worker } from "node:worker_threads";
     import { askElsewhere } from "./uses/blocking-database.js";
     const file = "./uses/blocking-database.js";
     await using worker = new Worker(file, { execArgv: [] });
     for (const calls of [10, 11]) {
       const ask = () => askElsewhere(worker, "select 1");
       await Promise.all(Array.from({ length: calls }, ask));
       console.error(calls);
     }`,
  ]);
  assert.equal(code, 0);
  assert.match(stderr, /^10\n/);
  assert.match(stderr, /MaxListenersExceededWarning: .* 11 message /);
});

// What the language does, without the program.

test("a connection stays in its thread", async () => {
  using database = new DatabaseSync(":memory:");
  assert.throws(() => workerOf("", database), {
    name: "DataCloneError",
    message: "Cannot clone object of unsupported type.",
  });
});

// JavaScript only: a thread of Python keeps the error for the caller.
test("an error that the worker does not catch ends it", async () => {
  const worker = workerOf(
    `parentPort.once("message", (sql) =>
       new DatabaseSync(":memory:").prepare(sql));`,
    null,
  );
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  const failed = once(worker, "error");
  worker.postMessage("select a from b");
  assert.equal((await failed)[0].message, "no such table: b");
  assert.equal(await ended, 1);
});

test("a function that fails stops a query", async () => {
  const stopped = new Int32Array(new SharedArrayBuffer(4));
  await using worker = workerOf(
    `const database = new DatabaseSync(":memory:");
     database.function("go_on", () => {
       parentPort.postMessage("begun");
       Atomics.wait(data, 0, 0);
       throw new Error("called off");
     });
     try {
       database.exec("select go_on()");
     } catch (error) {
       parentPort.postMessage(error.message);
     }`,
    stopped,
  );
  assert.deepEqual(await once(worker, "message"), ["begun"]);
  raise(stopped);
  assert.deepEqual(await once(worker, "message"), ["called off"]);
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

test("a locked database is an error", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "test-"));
  const file = join(folder.path, "a.db");
  using one = new DatabaseSync(file);
  using other = new DatabaseSync(file);
  one.exec("create table a (n); begin; insert into a values (1)");
  assert.throws(() => other.exec("insert into a values (2)"), {
    name: "Error",
    code: "ERR_SQLITE_ERROR",
    message: "database is locked",
  });
  one.exec("commit");
  other.exec("insert into a values (2)");
  // Milliseconds that a call waits for the lock, if you say nothing.
  const row = one.prepare("pragma busy_timeout").get();
  assert.deepEqual({ ...row }, { timeout: 0 });
});

// Ask SQLite a slow question: in the loop, then in a thread.
// Explained in docs/uses/blocking-database.md

import { on } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const FILL = `create table numbers as with recursive n(i) as (select 1
    union all select i + 1 from n limit 2000) select i from n`;
const COUNT =
  "select count(*) as pairs from numbers as a, numbers as b";

export async function askHere(database, sql) {
  // `async` alone does not help: nothing in here waits.
  return database.prepare(sql).all();
}

export async function askElsewhere(worker, sql) {
  // A worker only sends messages: the id says whose answer it is.
  const id = crypto.randomUUID();
  worker.postMessage({ id, sql });
  const messages = on(worker, "message", { close: ["exit"] });
  for await (const [{ id: whose, value, reason }] of messages) {
    if (whose === id && reason) throw reason;
    if (whose === id) return value;
  }
  throw new Error("the worker has ended");
}

export async function show(label, asking) {
  let turns = 0;
  // A turn gives undefined, and the answer is a list.
  while (!(await Promise.race([asking, turn()]))) turns += 1;
  const [{ pairs }] = await asking;
  const loop = turns ? "goes on" : "stands still";
  console.log(`${label}: ${pairs} pairs, the loop ${loop}`);
}

// JavaScript only: a worker runs a file, not a function.
function serve() {
  const there = new DatabaseSync(":memory:");
  parentPort?.on("message", async ({ id, sql }) => {
    // An error is an answer, too: uncaught, it would end the worker.
    const [settled] = await Promise.allSettled([askHere(there, sql)]);
    parentPort?.postMessage({ id, ...settled });
  });
}

export async function main() {
  using here = new DatabaseSync(":memory:");
  await askHere(here, FILL);
  await show("In the loop", askHere(here, COUNT));

  // A database belongs to a thread, so there is one for all calls.
  await using worker = new Worker(import.meta.filename);
  await askElsewhere(worker, FILL);
  await show("In a thread", askElsewhere(worker, COUNT));
}

if (import.meta.main) await (isMainThread ? main() : serve());

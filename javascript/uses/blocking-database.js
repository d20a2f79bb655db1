// Ask SQLite a slow question: in the loop, then in a thread.

import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import * as threads from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const SLOW = `with recursive numbers(n) as
    (select 1 union all select n + 1 from numbers where n < 20000)
    select count(*) as pairs from posts, numbers`;

async function getTitles(apiUrl) {
  const response = await fetch(`${apiUrl}/posts`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).map((post) => post.title);
}

function ask(titles) {
  using database = new DatabaseSync(":memory:");
  database.exec("create table posts (title text)");
  const insert = database.prepare("insert into posts values (?)");
  for (const title of titles) insert.run(title);
  return database.prepare(SLOW).get()?.pairs;
}

export async function askHere(titles) {
  // `async` alone does not help: nothing in here waits.
  return ask(titles);
}

export async function askElsewhere(titles) {
  // The worker runs this very file: its part is at the end.
  const file = new URL(import.meta.url);
  const worker = new threads.Worker(file, { workerData: titles });
  const [pairs] = await once(worker, "message");
  return pairs;
}

export async function heartbeat(asking) {
  let beats = 0;
  while ((await Promise.race([asking, "not yet"])) === "not yet") {
    beats += 1;
    await sleep(1);
  }
  const heart = beats > 0 ? "the heart beats on" : "not one beat";
  return `${await asking} pairs, ${heart}`;
}

export async function main(apiUrl = API_URL) {
  const titles = await getTitles(apiUrl);
  console.log("In the loop:", await heartbeat(askHere(titles)));
  console.log("In a thread:", await heartbeat(askElsewhere(titles)));
}

if (import.meta.main) {
  if (threads.isMainThread) await main();
  else threads.parentPort?.postMessage(ask(threads.workerData));
}

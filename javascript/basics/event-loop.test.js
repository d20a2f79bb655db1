import assert from "node:assert/strict";
import { readFile } from "node:fs";
import { test } from "node:test";
import { setImmediate as giveWay } from "node:timers/promises";

import { mockApi, runNode, running } from "../helpers.js";
import { main } from "./event-loop.js";

test("each step is printed in its turn", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const program = running(() => main(api.url));
  await api.saw("GET /data");
  await program.prints("- a callback of the callback\n");
  await program.prints("- a timer of 0 s\n");
  assert.equal(program.lines.length, 6);
  await api.release("/data");
  await program.done;
  assert.deepEqual(program.lines, [
    "main starts",
    "- a request begins",
    "main waits",
    "- a callback",
    "- a callback of the callback",
    "- a timer of 0 s",
    "- its answer is there",
    "main lets others run: a callback",
  ]);
});

test("an answer without success ends the program", async (t) => {
  const api = await mockApi(t);
  await api.fail("/data", [503]);
  const program = running(() => main(api.url));
  await assert.rejects(program.done, /HTTP 503/);
  await program.prints("- a timer of 0 s\n");
});

// What the language does, without the program.

test("nothing interrupts what runs", async () => {
  const ran = [];
  const timer = Promise.withResolvers();
  const work = async () => ran.push("call");
  const called = work();
  queueMicrotask(() => ran.push("callback"));
  setTimeout(() => timer.resolve(ran.push("timer")), 0);
  const end = performance.now() + 2;
  while (performance.now() < end);
  ran.push("main waits");
  await called;
  await timer.promise;
  assert.deepEqual(ran, ["call", "main waits", "callback", "timer"]);
});

test("what is ready runs in the order it was added", async () => {
  const ran = [];
  queueMicrotask(() => {
    ran.push("first");
    queueMicrotask(() => ran.push("added by first"));
  });
  queueMicrotask(() => ran.push("second"));
  await giveWay();
  assert.deepEqual(ran, ["first", "second", "added by first"]);
});

// JavaScript only: Python leaves the added ones to the next turn.
test("what a callback adds runs before the next timer", async () => {
  const ran = [];
  const add = (name) => {
    ran.push(name);
    queueMicrotask(() => ran.push(`added by ${name}`));
  };
  queueMicrotask(() => add("begin"));
  const timer1 = Promise.withResolvers();
  const timer2 = Promise.withResolvers();
  setTimeout(() => timer1.resolve(add("timer 1")), 1);
  setTimeout(() => timer2.resolve(add("timer 2")), 1);
  await Promise.all([timer1.promise, timer2.promise]);
  assert.deepEqual(ran, [
    "begin",
    "added by begin",
    "timer 1",
    "added by timer 1",
    "timer 2",
    "added by timer 2",
  ]);
});

test("giving way lets timers and answers in", async (t) => {
  const api = await mockApi(t);
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 1);
  /** @type {Response | undefined} */
  let answer;
  const asked = fetch(`${api.url}/data`).then((response) => {
    answer = response;
  });
  // Ends only because others get their turn.
  while (!fired || !answer) await giveWay();
  await asked;
  assert.equal(answer.status, 200);
  await answer.text();
});

test("an await that lets nothing in starves timers", async () => {
  const others = [];
  const file = Promise.withResolvers();
  setTimeout(() => others.push("timer"), 0);
  readFile(import.meta.filename, () => {
    others.push("file");
    file.resolve(undefined);
  });
  const overdue = performance.now() + 20;
  while (performance.now() < overdue) await null;
  assert.deepEqual(others, []);
  while (others.length < 2) await giveWay();
  assert.deepEqual(others.sort(), ["file", "timer"]);
});

// JavaScript only: Python has one queue for what is ready.
test("nextTick is first in CommonJS, second in a module", async () => {
  const program = `
    process.nextTick(() => console.log("nextTick"));
    queueMicrotask(() => console.log("microtask"));
    console.log("body");`;
  const run = (type) =>
    runNode([`--input-type=${type}`, "--eval", program]);
  const module = await run("module");
  assert.equal(module.stdout, "body\nmicrotask\nnextTick\n");
  const script = await run("commonjs");
  assert.equal(script.stdout, "body\nnextTick\nmicrotask\n");
});

// JavaScript only: Python has one queue for what is ready.
test("after a file is read, setImmediate comes before a timer", async () => {
  const ran = [];
  const both = Promise.withResolvers();
  readFile(import.meta.filename, () => {
    setTimeout(() => both.resolve(ran.push("timer")), 0);
    setImmediate(() => ran.push("immediate"));
  });
  await both.promise;
  assert.deepEqual(ran, ["immediate", "timer"]);
});

// JavaScript only: Python has one queue for what is ready.
test("in the main program a timer that is due comes before setImmediate", async () => {
  const due = await runNode([
    "-e",
    `setImmediate(() => console.log("immediate"));
     setTimeout(() => console.log("timer"), 0);
     const end = performance.now() + 5;
     while (performance.now() < end);`,
  ]);
  assert.equal(due.stdout, "timer\nimmediate\n");
  const early = await runNode([
    "-e",
    `const timer = setTimeout(() => console.log("timer"), 60_000);
     setImmediate(() => {
       console.log("immediate");
       clearTimeout(timer);
     });`,
  ]);
  assert.equal(early.stdout, "immediate\n");
});

test("a timer of 0", async () => {
  const ran = [];
  const both = Promise.withResolvers();
  setTimeout(() => ran.push("1 ms"), 1);
  // Node takes 1 ms here, too.
  setTimeout(() => both.resolve(ran.push("0 ms")), 0);
  await both.promise;
  assert.deepEqual(ran, ["1 ms", "0 ms"]);
});

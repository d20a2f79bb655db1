import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, runNode, running } from "../helpers.js";
import { main, run } from "./tiny-event-loop.js";

/**
 * Run tasks to their end: run itself returns before.
 * @param {Generator<any, any, any>[]} tasks
 */
async function finished(tasks) {
  const ended = Promise.withResolvers();
  let left = tasks.length;
  const watched = tasks.map(function* (task) {
    yield* task;
    left -= 1;
    if (left === 0) ended.resolve(undefined);
  });
  run(watched);
  // The list is the caller's.
  assert.equal(watched.length, tasks.length);
  await ended.promise;
}

/** @param {string} apiUrl */
function runningMain(apiUrl) {
  const end = Promise.withResolvers();
  const program = running(async () => {
    main(apiUrl);
    await end.promise;
  });
  return { program, end: () => end.resolve(undefined) };
}

test("each task goes on as soon as it can", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const { program, end } = runningMain(api.url);
  await api.saw("GET /users/1");
  assert.deepEqual(program.lines, ["B asks", "A asks"]);
  await api.release("/users/1");
  await program.prints("A is answered: 200");
  assert.equal(program.lines.length, 3);
  await api.release("/users/5");
  await program.prints("B is answered: 200");
  end();
  await program.done;
});

test("both requests are in flight at once", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*", 2);
  const { program, end } = runningMain(api.url);
  await program.prints("A is answered: 200");
  await program.prints("B is answered: 200");
  end();
  await program.done;
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.status),
    [200, 200],
  );
  assert.equal(Math.max(...log.map((entry) => entry.inFlight)), 2);
});

test("tasks take turns", async () => {
  const ran = [];
  function* count(name) {
    for (const number of [1, 2, 3]) {
      ran.push(`${name}${number}`);
      yield ["sleep", 0];
    }
  }
  await finished([count("A"), count("B")]);
  assert.deepEqual(ran, ["A1", "B1", "A2", "B2", "A3", "B3"]);
});

test("who is due first goes on first", async () => {
  const woke = [];
  function* nap(name, ...pauses) {
    for (const milliseconds of pauses) yield ["sleep", milliseconds];
    woke.push(name);
  }
  await finished([nap("now"), nap("late", 100, 200), nap("soon", 200)]);
  assert.deepEqual(woke, ["now", "soon", "late"]);
});

test("a task that gives way lets answers in", async (t) => {
  const api = await mockApi(t);
  const got = [];
  function* ask() {
    got.push(yield ["ask", `${api.url}/status/404`]);
  }
  function* wait() {
    while (got.length === 0) yield ["sleep", 0];
  }
  await finished([wait(), ask()]);
  assert.deepEqual(got, [404]);
});

test("a failure is thrown in where the task waits", async (t) => {
  const api = await mockApi(t);
  await api.drop("/users/1");
  const got = [];
  function* careful(url) {
    try {
      got.push(yield ["ask", url]);
    } catch (error) {
      got.push(error.code);
    }
  }
  await finished([careful(`${api.url}/users/1`)]);
  await finished([careful(`${api.url}/users/2`)]);
  assert.deepEqual(got, ["ECONNRESET", 200]);
});

test("a failure that no task handles ends the loop", async () => {
  const ended = await runNode([
    "-e",
    `import { run } from "./basics/tiny-event-loop.js";
     function* fail() {
       yield ["sleep", 0];
       throw new Error("no luck");
     }
     function* wait() {
       yield ["sleep", 100];
       console.log("the other");
     }
     run([fail(), wait()]);`,
  ]);
  assert.deepEqual([ended.code, ended.stdout], [1, ""]);
  assert.match(ended.stderr, /^Error: no luck$/m);
});

// JavaScript only: a Python thread can wait itself.
test("run returns at once, and Node calls back", async (t) => {
  const begun = [];
  function* note() {
    begun.push("one");
    yield ["sleep", 0];
    begun.push("two");
  }
  run([note()]);
  assert.deepEqual(begun, ["one"]);
  const api = await mockApi(t);
  const { program, end } = runningMain(api.url);
  // main has returned, and no task has come far.
  assert.deepEqual(program.lines, []);
  await program.prints("A is answered: 200");
  await program.prints("B is answered: 200");
  end();
  await program.done;
});

// JavaScript only: Node's own timers end its sleeps.
test("a sleeping task costs one timer", async (t) => {
  const timers = t.mock.method(globalThis, "setTimeout");
  const api = await mockApi(t);
  const before = timers.mock.callCount();
  function* sleeper() {
    yield ["sleep", 50];
  }
  function* counter() {
    for (let i = 0; i < 10; i += 1) yield ["ask", `${api.url}/data`];
  }
  await finished([sleeper(), counter()]);
  const ours = timers.mock.calls
    .slice(before)
    .filter((call) => call.arguments[1] === 50);
  assert.equal(ours.length, 1);
});

// What the language does, without the program.

// JavaScript only: a Python coroutine has send and throw.
test("an async function cannot be driven by hand", async () => {
  const promise = (async () => 200)();
  assert(!("next" in promise));
  assert(!("throw" in promise));
  assert.equal(await promise, 200);
});

// JavaScript only: Python's await does this.
test("a generator with a runner acts as an async function", async () => {
  async function co(task) {
    let step = task.next();
    while (!step.done) step = task.next(await step.value);
    return step.value;
  }
  function* visit() {
    const status = yield Promise.resolve(200);
    return `is answered: ${status}`;
  }
  assert.equal(await co(visit()), "is answered: 200");
});

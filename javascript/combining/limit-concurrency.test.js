import assert from "node:assert/strict";
import { test } from "node:test";

import pLimit from "p-limit";

import { mockApi, running } from "../helpers.js";
import { getNames, main } from "./limit-concurrency.js";

const most = (log) => Math.max(...log.map((entry) => entry.inFlight));

test("three are in flight and no more", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const program = running(() => main(api.url));
  await api.saw("GET /users/*", 3);
  // A fourth user would be there before this request.
  await (await fetch(`${api.url}/data`)).text();
  const held = await api.log({ settled: false });
  assert.deepEqual(
    held.map((entry) => entry.inFlight),
    [1, 2, 3, 4],
  );
  assert.equal(held[3].path, "/data");
  await api.release("/users/*");
  await program.done;
  assert.equal(
    program.output,
    "5 names, 3 at a time\n" + "Alan, Ada, Grace, Edsger, Barbara\n",
  );
  const log = await api.log();
  const users = log.filter((entry) => entry.path !== "/data");
  assert.equal(users.length, 5);
  assert.equal(most(users), 3);
});

test("the next starts when one ends", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/3");
  await api.hold("/users/1");
  const users = [3, 1, ...Array(20).fill(2)];
  const names = getNames(api.url, users);
  // Twenty go through one slot. Nothing spreads them over time.
  await api.saw("GET /users/2", 20);
  await api.release("/users/*");
  assert.deepEqual(await names, [
    "Alan",
    "Ada",
    ...Array(20).fill("Grace"),
  ]);
  assert.equal(most(await api.log()), 3);
});

test("the names keep their order", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/3");
  const names = getNames(api.url, [3, 1, 2]);
  await api.saw("GET /users/2");
  await api.release("/users/3");
  assert.deepEqual(await names, ["Alan", "Ada", "Grace"]);
});

test("no users, no names", async (t) => {
  const api = await mockApi(t);
  assert.deepEqual(await getNames(api.url, []), []);
});

test("the whole list is taken at once", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const limit = pLimit(3);
  const users = Array(100).fill(1);
  const asking = users.map((user) =>
    limit(() => fetch(`${api.url}/users/${user}`)),
  );
  await api.saw("GET /users/1", 3);
  // 97 promises wait for a slot.
  assert.equal(limit.pendingCount, 97);
  assert.equal((await api.log({ settled: false })).length, 3);
  await api.release("/users/1");
  for (const answer of await Promise.all(asking)) await answer.text();
});

test("two limits of three allow six", async (t) => {
  const api = await mockApi(t);
  // Each waits until six are in flight: with three, none is answered.
  await api.rendezvous("/users/*", 6);
  await Promise.all([
    getNames(api.url, [1, 1, 1]),
    getNames(api.url, [2, 2, 2]),
  ]);
  assert.equal(most(await api.log()), 6);
});

test("a failure stops the rest", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/3");
  await api.hold("/users/2");
  await api.fail("/users/1", [503]);
  const fetching = t.mock.method(globalThis, "fetch");
  const users = [3, 1, 2, ...Array(50).fill(4)];
  await assert.rejects(getNames(api.url, users), /HTTP 503/);
  // All have ended by now, and the last fifty have sent nothing.
  assert.equal(fetching.mock.callCount(), 53);
  assert.deepEqual(await api.endings(), {
    "/users/3": "client hung up",
    "/users/1": "completed",
    "/users/2": "client hung up",
  });
});

// What p-limit does, without the program.

test("a failure frees its slot", async () => {
  const limit = pLimit(1);
  const fails = limit(async () => {
    throw new Error("no luck");
  });
  await assert.rejects(fails, /no luck/);
  assert.equal(await limit(() => "next"), "next");
});

// JavaScript only: Python has gather for it.
test("Promise.all goes on after a failure", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/2");
  const limit = pLimit(1);
  const get = async (path) => (await fetch(api.url + path)).text();
  const names = [
    limit(() => Promise.reject(new Error("no luck"))),
    limit(() => get("/users/2")),
    limit(() => get("/users/3")),
  ];
  await assert.rejects(Promise.all(names), /no luck/);
  // The error is here, and the next requests are still sent.
  await api.saw("GET /users/2");
  await api.release("/users/2");
  assert.match(await names[2], /Alan/);
});

// JavaScript only: Python's group cancels those that wait.
test("an abort after Promise.all is too late", async () => {
  const limit = pLimit(1);
  const leaving = new AbortController();
  /** @type {number[]} */
  const begun = [];
  const names = [1, 2, 3].map((user) =>
    limit(async () => {
      leaving.signal.throwIfAborted();
      begun.push(user);
      await null;
      throw new Error("no luck");
    }),
  );
  await assert.rejects(Promise.all(names), /no luck/);
  // The second call has begun before we know.
  assert.deepEqual(begun, [1, 2]);
  leaving.abort();
  await Promise.allSettled(names);
  assert.deepEqual(begun, [1, 2]);
});

test("workers take from the list as they go", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const taken = [];
  function* some() {
    for (let n = 0; n < 100; n++) {
      taken.push(n);
      yield 1;
    }
  }
  const users = some();
  async function work() {
    for (const user of users) {
      await (await fetch(`${api.url}/users/${user}`)).text();
    }
  }
  const workers = [work(), work(), work()];
  await api.saw("GET /users/1", 3);
  assert.deepEqual(taken, [0, 1, 2]);
  await api.release("/users/1");
  await Promise.all(workers);
  assert.equal((await api.log()).length, 100);
});

// JavaScript only: a Python coroutine waits to be started.
test("a call in place of a function is not limited", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/1", 5);
  const limit = pLimit(3);
  /** @type {any[]} not what p-limit takes */
  const calls = Array.from({ length: 5 }, () =>
    fetch(`${api.url}/users/1`),
  );
  for (const call of calls) {
    await assert.rejects(limit(call), {
      name: "TypeError",
      message: "function_ is not a function",
    });
  }
  for (const call of calls) assert.equal((await call).status, 200);
  for (const call of calls) await (await call).text();
  assert.equal(most(await api.log()), 5);
});

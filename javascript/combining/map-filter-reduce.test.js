import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed } from "../helpers.js";
import {
  filterShort,
  getName,
  main,
  mapNames,
  reduceLetters,
} from "./map-filter-reduce.js";

const USERS = [3, 1, 4];

test("the program maps, filters and reduces", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Map: Alan, Ada, Edsger\nFilter: users 3, 1\n" +
      "Reduce: 13 letters\n",
  );
  assert.equal((await api.log()).length, 9);
});

test("map has all requests in flight", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*", 3);
  const names = await mapNames(api.url, USERS);
  assert.deepEqual(names, ["Alan", "Ada", "Edsger"]);
});

test("filter has all requests in flight", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*", 4);
  assert.deepEqual(await filterShort(api.url, [...USERS, 2]), [3, 1]);
});

test("reduce asks one by one", async (t) => {
  const api = await mockApi(t);
  await api.delay("/users/*", 0.02);
  assert.equal(await reduceLetters(api.url, USERS), 13);
  const log = await api.log();
  assert.deepEqual(
    log.map((e) => [e.path, e.inFlight]),
    [
      ["/users/3", 1],
      ["/users/1", 1],
      ["/users/4", 1],
    ],
  );
});

test("the names keep the order of the list", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/3");
  const names = mapNames(api.url, USERS);
  await api.ended("/users/4");
  await api.release("/users/3");
  assert.deepEqual(await names, ["Alan", "Ada", "Edsger"]);
});

test("an empty list asks nobody", async (t) => {
  const api = await mockApi(t);
  assert.deepEqual(await mapNames(api.url, []), []);
  assert.deepEqual(await filterShort(api.url, []), []);
  assert.equal(await reduceLetters(api.url, []), 0);
  assert.deepEqual(await api.log(), []);
});

test("one failure fails the whole map", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1", [503]);
  await assert.rejects(mapNames(api.url, USERS), /HTTP 503/);
});

// What the language does, without the program.

/** @param {number} user */
async function isShort(user) {
  await null;
  return user < 2;
}

test("a filter keeps everything", async () => {
  // biome-ignore lint/nursery/noMisusedPromises: the mistake itself.
  assert.deepEqual(USERS.filter(isShort), USERS);
});

test("some and every say yes", async () => {
  assert([3, 4].some(isShort));
  // biome-ignore lint/nursery/noMisusedPromises: the mistake itself.
  assert([3, 4].every(isShort));
});

test("a sort cannot wait", async () => {
  /** @type {any} not what sort takes */
  const compare = async (
    /** @type {number} */ a,
    /** @type {number} */ b,
  ) => a - b;
  // A promise is no number: nothing changes its place.
  assert.deepEqual([3, 1, 2].sort(compare), [3, 1, 2]);
});

test("a map without a wait gives no values", async (t) => {
  const api = await mockApi(t);
  const mapped = USERS.map((user) => getName(api.url, user));
  assert.equal(
    mapped.join(", "),
    "[object Promise], [object Promise], [object Promise]",
  );
  await Promise.all(mapped);
});

test("a loop in the list goes one by one", async (t) => {
  const api = await mockApi(t);
  await api.delay("/users/*", 0.02);
  const names = await Array.fromAsync(USERS, (user) =>
    getName(api.url, user),
  );
  assert.deepEqual(names, ["Alan", "Ada", "Edsger"]);
  const log = await api.log();
  assert.deepEqual(
    log.map((e) => e.inFlight),
    [1, 1, 1],
  );
});

test("a reduce whose sum has to be awaited", async () => {
  const step = async (
    /** @type {Promise<number>} */ letters,
    /** @type {number} */ user,
  ) => (await letters) + user;
  assert.equal(await USERS.reduce(step, Promise.resolve(0)), 8);
});

// JavaScript only: in Python nothing runs before it is awaited.
test("in reduce the place of await decides", async (t) => {
  for (const [first, inFlight] of [
    [true, [1, 1, 1]],
    [false, [1, 2, 3]],
  ]) {
    const api = await mockApi(t);
    if (!first) await api.rendezvous("/users/*", 3);
    await api.delay("/users/*", 0.02);
    const letters = await USERS.reduce(async (before, user) => {
      if (first) await before;
      const name = await getName(api.url, user);
      return (await before) + name.length;
    }, Promise.resolve(0));
    assert.equal(letters, 13);
    const log = await api.log();
    assert.deepEqual(
      log.map((e) => e.inFlight),
      inFlight,
    );
  }
});

test("a reduce that forgets to await its sum", async () => {
  /** @type {any} not a number */
  const none = 0;
  const step = async (
    /** @type {any} */ letters,
    /** @type {number} */ user,
  ) => letters + user;
  const sum = await [3, 1].reduce(step, none);
  assert.equal(sum, "[object Promise]1");
});

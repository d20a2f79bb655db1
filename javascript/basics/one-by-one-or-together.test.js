import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, runNode, running } from "../helpers.js";
import {
  getName,
  main,
  oneByOne,
  together,
} from "./one-by-one-or-together.js";

const NAMES = ["Alan", "Ada", "Grace"];
const PATHS = ["/users/3", "/users/1", "/users/2"];

test("both ways give the same names", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "One by one: Alan, Ada, Grace\nTogether: Alan, Ada, Grace\n",
  );
});

test("main asks one by one, then together", async (t) => {
  const api = await mockApi(t);
  await api.delay("/users/*", 0.05);
  await api.hold("/users/2");
  const program = running(() => main(api.url));
  await api.saw("GET /users/2");
  // The last of the first three. Now hold the first of the others.
  await api.hold("/users/3");
  await api.release("/users/2");
  await api.saw("GET /users/*", 6);
  await api.release("/users/3");
  await program.done;
  const first = (await api.log()).slice(0, 3);
  assert.deepEqual(
    first.map((entry) => [entry.path, entry.inFlight]),
    PATHS.map((path) => [path, 1]),
  );
});

test("one by one never has two requests in flight", async (t) => {
  const api = await mockApi(t);
  await api.delay("/users/*", 0.05);
  assert.deepEqual(await oneByOne(api.url), NAMES);
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.path),
    PATHS,
  );
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 1, 1],
  );
});

test("together has all three in flight", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*", 3);
  assert.deepEqual(await together(api.url), NAMES);
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.path).sort(),
    PATHS.toSorted(),
  );
  assert.deepEqual(
    log.map((entry) => entry.inFlight),
    [1, 2, 3],
  );
});

test("together takes as long as the slowest", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  let done = false;
  const names = together(api.url).finally(() => {
    done = true;
  });
  await api.saw("GET /users/*", 3);
  await api.release("/users/1");
  await api.release("/users/2");
  assert(!done);
  await api.release("/users/3");
  assert.deepEqual(await names, NAMES);
  const log = await api.log();
  // Nothing was left to start when the first answer came.
  const lastStart = Math.max(...log.map((entry) => entry.startedEvent));
  log.sort((a, b) => Number(a.endedEvent) - Number(b.endedEvent));
  assert(lastStart < Number(log[0].endedEvent));
  assert.equal(log[2].path, "/users/3");
});

test("results stand in the order asked for", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const names = together(api.url);
  await api.saw("GET /users/*", 3);
  for (const path of PATHS.toReversed()) await api.release(path);
  assert.deepEqual(await names, NAMES);
  const log = await api.log();
  log.sort((a, b) => Number(a.endedEvent) - Number(b.endedEvent));
  assert.deepEqual(
    log.map((entry) => entry.path),
    PATHS.toReversed(),
  );
});

test("one failed request fails them all", async (t) => {
  const api = await mockApi(t);
  // All three fail. Each needs a handler, or Node ends the process.
  await api.fail("/users/*", [503, 503, 503]);
  const { code, stdout } = await runNode([
    "--eval",
    `import { together } from "./basics/one-by-one-or-together.js";
     try {
       await together("${api.url}");
     } catch ({ message }) {
       console.log(message);
     }`,
  ]);
  assert.equal(stdout, "HTTP 503\n");
  assert.equal(code, 0);
});

test("nothing to ask", async (t) => {
  const api = await mockApi(t);
  assert.deepEqual(await Promise.all([]), []);
  assert.deepEqual(await api.log(), []);
});

// What the language does, without the program.

test("a filter without await keeps everyone", async (t) => {
  const api = await mockApi(t);
  const isAda = t.mock.fn(
    async (userId) => (await getName(api.url, userId)) === "Ada",
  );
  assert.deepEqual([1, 2, 3].filter(isAda), [1, 2, 3]);
  const promises = isAda.mock.calls.map((call) => call.result);
  const answers = await Promise.all(promises);
  assert.deepEqual(answers, [true, false, false]);
});

// JavaScript only: a Python call runs nothing until it is awaited.
test("called first and awaited later is together", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/users/*", 3);
  const promises = [3, 1, 2].map((userId) => getName(api.url, userId));
  const names = [];
  for (const promise of promises) names.push(await promise);
  assert.deepEqual(names, NAMES);
});

// JavaScript only: Promise.all is handed promises that are under way.
test("the requests leave before Promise.all is called", async (t) => {
  const api = await mockApi(t);
  const promises = [3, 1, 2].map((userId) => getName(api.url, userId));
  await api.saw("GET /users/*", 3);
  assert.deepEqual(await Promise.all(promises), NAMES);
});

// JavaScript only: a Python list has no forEach.
test("forEach waits for nothing", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const names = [];
  const all = Promise.withResolvers();
  // biome-ignore lint/nursery/noMisusedPromises: the mistake itself
  [3, 1, 2].forEach(async (userId) => {
    names.push(await getName(api.url, userId));
    if (names.length === 3) all.resolve(names);
  });
  await api.saw("GET /users/*", 3);
  assert.deepEqual(names, []);
  await api.release("/users/*");
  await all.promise;
  assert.deepEqual(names.toSorted(), NAMES.toSorted());
});

// JavaScript only: a Python task keeps its failure for the await.
test("awaited later, an early failure ends the process", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/3");
  await api.fail("/users/1", [503]);
  const { code, stdout, stderr } = await runNode([
    "--eval",
    `import { getName } from "./basics/one-by-one-or-together.js";
     const promises = [3, 1].map((id) => getName("${api.url}", id));
     try {
       for (const promise of promises) await promise;
     } catch {
       console.log("caught");
     }`,
  ]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /Error: HTTP 503/);
});

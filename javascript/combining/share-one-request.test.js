import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import {
  clock,
  done,
  limited,
  mockApi,
  printed,
  reported,
  running,
} from "../helpers.js";
import {
  ask,
  HttpError,
  main,
  share,
  waitFor,
} from "./share-one-request.js";

const PATH = "/sources/humidity";

test("ten callers send one request", async (t) => {
  const api = await mockApi(t);
  await api.hold(PATH);
  const promises = new Map();
  const url = api.url + PATH;
  const asking = Array.from({ length: 10 }, () =>
    ask(share(promises, url), 9000),
  );
  await api.saw(`GET ${PATH}`);
  // One more comes while it is in flight.
  asking.push(ask(share(promises, url), 9000));
  // A request of our own arrives as number two.
  await (await fetch(`${api.url}/users/1`)).text();
  const log = await api.log({ settled: false });
  assert.deepEqual(
    log.map((entry) => entry.path),
    [PATH, "/users/1"],
  );
  for (const promise of asking)
    assert.equal(await done(promise), false);
  await api.release(PATH);
  assert.deepEqual(await Promise.all(asking), Array(11).fill(62));
  // It is there already: nobody has to ask, or to wait.
  assert.equal(await ask(share(promises, url), 9000), 62);
  assert.equal((await api.log()).length, 2);
});

test("what the program prints", async (t) => {
  const api = await mockApi(t);
  // The clock stands still: nobody is too late, however slow we are.
  clock(t);
  assert.equal(
    await printed(() => main(api.url)),
    "First: HTTP 503\nAgain: 1280\nLater: 1280\n",
  );
  // Thirty callers.
  const log = await api.log();
  assert.deepEqual(
    log.map(({ path, status }) => [path, status]),
    [
      ["/sources/traffic", 503],
      ["/sources/traffic", 200],
    ],
  );
});

test("one gives up, and the others wait on", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/traffic");
  const time = clock(t);
  const program = running(() => main(api.url));
  await api.saw("GET /sources/traffic");
  await time.advance(500);
  // The other nine still wait.
  assert.equal(program.output, "");
  await api.release("/sources/traffic");
  await program.done;
  assert.equal(program.lines[0], "First: too late, HTTP 503");
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, ["completed", "completed"]);
});

test("ten limits run at the same time", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/traffic");
  const time = clock(t);
  const program = running(() => main(api.url));
  await api.saw("GET /sources/traffic");
  await time.advance(1000);
  // All ten have given up. The next ten join the same request.
  await program.prints("First: too late\n");
  await api.release("/sources/traffic");
  await program.done;
  assert.deepEqual(program.lines.slice(1), [
    "Again: HTTP 503",
    "Later: 1280",
  ]);
  const statuses = (await api.log()).map((entry) => entry.status);
  assert.deepEqual(statuses, [503, 200]);
});

test("each path has a request of its own", async (t) => {
  const api = await mockApi(t);
  const promises = new Map();
  const paths = ["humidity", "wind", "humidity", "wind", "noise"];
  const values = await Promise.all(
    paths.map((p) =>
      ask(share(promises, `${api.url}/sources/${p}`), 9000),
    ),
  );
  assert.deepEqual(values, [62, 4.2, 62, 4.2, 54]);
  assert.equal((await api.log()).length, 3);
  // What has come stays.
  assert.equal(promises.size, 3);
});

test("a failure does not stay", async (t) => {
  const api = await mockApi(t);
  await api.fail(PATH, [500]);
  const promises = new Map();
  const url = api.url + PATH;
  await share(promises, `${api.url}/sources/wind`);
  const asking = [1, 2, 3].map(() => ask(share(promises, url), 9000));
  assert.deepEqual(
    await Promise.all(asking),
    Array(3).fill("HTTP 500"),
  );
  // What else has come is still there.
  assert.deepEqual([...promises.keys()], [`${api.url}/sources/wind`]);
  assert.equal(await ask(share(promises, url), 9000), 62);
  const statuses = (await api.log()).map((entry) => entry.status);
  assert.deepEqual(statuses, [200, 500, 200]);
});

test("the failure is gone when a caller hears of it", async (t) => {
  const api = await mockApi(t);
  await api.fail(PATH, [500]);
  const promises = new Map();
  async function twice() {
    try {
      return await share(promises, api.url + PATH);
    } catch (error) {
      assert(error instanceof HttpError);
      return await share(promises, api.url + PATH);
    }
  }
  // All ten ask again, and share that request as well.
  const asking = Array.from({ length: 10 }, twice);
  assert.deepEqual(await Promise.all(asking), Array(10).fill(62));
  const statuses = (await api.log()).map((entry) => entry.status);
  assert.deepEqual(statuses, [500, 200]);
});

test("if all give up, the request goes on", async (t) => {
  const api = await mockApi(t);
  await api.hold(PATH);
  const time = clock(t);
  const promises = new Map();
  const url = api.url + PATH;
  const asking = [100, 200, 300].map((limit) =>
    ask(share(promises, url), limit),
  );
  await api.saw(`GET ${PATH}`);
  await time.advance(300);
  assert.deepEqual(
    await Promise.all(asking),
    Array(3).fill("too late"),
  );
  const [entry] = await api.log({ settled: false });
  assert.equal(entry.ending, null);
  await api.release(PATH);
  await api.ended(`GET ${PATH}`);
  // The next caller gets the answer to the same request.
  assert.equal(await ask(share(promises, url), 9000), 62);
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, ["completed"]);
});

test("a failure that nobody waits for is not reported", async (t) => {
  const reports = reported(t);
  const api = await mockApi(t);
  await api.hold(PATH);
  await api.fail(PATH, [500]);
  const time = clock(t);
  const promises = new Map();
  const url = api.url + PATH;
  const asking = ask(share(promises, url), 100);
  await api.saw(`GET ${PATH}`);
  await time.advance(100);
  assert.equal(await asking, "too late");
  // Nobody has waited for this one at all.
  await api.drop("/sources/wind");
  share(promises, `${api.url}/sources/wind`);
  await api.release(PATH);
  const failed = async () => {
    while (promises.size > 0) await api.log();
  };
  await limited(failed(), () => "an entry is left");
  await done(new Promise(() => {}));
  assert.deepEqual(reports, []);
});

test("a silent request ends after two seconds", async (t) => {
  const api = await mockApi(t);
  await api.hold(PATH);
  const time = clock(t);
  const promises = new Map();
  const url = api.url + PATH;
  const asking = ask(share(promises, url), 60_000);
  await api.saw(`GET ${PATH}`);
  await time.advance(1999);
  assert.equal(await done(asking), false);
  await time.advance(1);
  assert.equal(await asking, "too late");
  // The silent one is not what later callers join.
  await api.release(PATH);
  assert.equal(await ask(share(promises, url), 9000), 62);
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, ["client hung up", "completed"]);
});

test("a bug is raised", async (t) => {
  const api = await mockApi(t);
  await api.answer(PATH, { body: "no JSON" });
  const promises = new Map();
  const broken = ask(share(promises, api.url + PATH), 9000);
  await assert.rejects(broken, SyntaxError);
  await api.drop("/sources/wind");
  const url = `${api.url}/sources/wind`;
  await assert.rejects(ask(share(promises, url), 9000), TypeError);
  assert.equal(promises.size, 0);
});

// JavaScript only: asyncio.wait needs no listener of ours.
test("to wait leaves no listener behind", async () => {
  const { signal } = new AbortController();
  assert.equal(await waitFor(Promise.resolve(62), signal), 62);
  const failed = Promise.reject(new HttpError("HTTP 500"));
  await assert.rejects(waitFor(failed, signal), HttpError);
  const waiting = Promise.withResolvers();
  const value = waitFor(waiting.promise, signal);
  assert.equal(getEventListeners(signal, "abort").length, 1);
  waiting.resolve(18.5);
  assert.equal(await value, 18.5);
  assert.equal(getEventListeners(signal, "abort").length, 0);
  // One that has given up before gives up here.
  const never = new Promise(() => {});
  const gone = AbortSignal.abort(new RangeError("gone"));
  await assert.rejects(waitFor(never, gone), RangeError);
});

// What the language does, without the program.

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
async function getJson(url, signal) {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (!response.ok) throw new HttpError(`HTTP ${response.status}`);
  return JSON.parse(text);
}

test("to fill the cache after the wait is too late", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const users = new Map();
  async function getUser(path) {
    if (!users.has(path)) {
      users.set(path, await getJson(api.url + path));
    }
    return users.get(path);
  }
  const asking = Array.from({ length: 10 }, () => getUser("/users/1"));
  await api.saw("GET /users/1", 10);
  await api.release("/users/1");
  await Promise.all(asking);
  assert.equal((await api.log()).length, 10);
  await getUser("/users/1");
  assert.equal((await api.log()).length, 10);
});

test("one that gives up ends it for all", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const first = new AbortController();
  const shared = getJson(`${api.url}/users/1`, first.signal);
  const waiting = [1, 2].map(async () => await shared);
  const ended = Promise.allSettled(waiting);
  await api.saw("GET /users/1");
  first.abort();
  for (const outcome of await ended) {
    assert.equal(outcome.status, "rejected");
    assert.equal(outcome.reason.name, "AbortError");
  }
  assert.deepEqual(await api.endings(), {
    "/users/1": "client hung up",
  });
});

test("the last to give up stops the request", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const shared = new Map();
  async function getUser(path, signal) {
    if (!shared.has(path)) {
      const stop = new AbortController();
      const promise = getJson(api.url + path, stop.signal);
      shared.set(path, { promise, stop, waiting: 0 });
    }
    const entry = shared.get(path);
    entry.waiting += 1;
    try {
      return await waitFor(entry.promise, signal);
    } finally {
      entry.waiting -= 1;
      if (entry.waiting === 0) {
        // Whoever comes now needs a request of its own.
        shared.delete(path);
        entry.stop.abort();
      }
    }
  }
  const leave = [1, 2, 3].map(() => new AbortController());
  const asking = leave.map(({ signal }) => getUser("/users/1", signal));
  const gone = asking.map((one) => assert.rejects(one, /AbortError/));
  await api.saw("GET /users/1");
  leave[0].abort();
  leave[1].abort();
  await Promise.all(gone.slice(0, 2));
  const [entry] = await api.log({ settled: false });
  assert.equal(entry.ending, null);
  leave[2].abort();
  await gone[2];
  const nextOne = getUser("/users/1", new AbortController().signal);
  await api.saw("GET /users/1", 2);
  await api.release("/users/1");
  assert.equal((await nextOne).name, "Ada");
  const endings = (await api.log()).map((e) => e.ending);
  assert.deepEqual(endings, ["client hung up", "completed"]);
  assert.equal(shared.size, 0);
});

test("callers that remove the entry remove the next one", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1", [500]);
  const promises = new Map();
  async function getUser(path) {
    if (!promises.has(path)) {
      promises.set(path, getJson(api.url + path));
    }
    try {
      return await promises.get(path);
    } catch (error) {
      assert(error instanceof HttpError);
      // Whose entry is it by now?
      promises.delete(path);
      return await getUser(path);
    }
  }
  await Promise.all([1, 2, 3].map(() => getUser("/users/1")));
  // One failure, and each of the three asks again.
  const statuses = (await api.log()).map((entry) => entry.status);
  assert.deepEqual(statuses, [500, 200, 200, 200]);
});

test("the request runs in the context of the first caller", async () => {
  const language = new AsyncLocalStorage();
  const promises = new Map();
  async function getGreeting() {
    await null;
    return { en: "Hello", de: "Hallo" }[language.getStore()];
  }
  function greet(wanted, key) {
    return language.run(wanted, async () => {
      if (!promises.has(key)) promises.set(key, getGreeting());
      return await promises.get(key);
    });
  }
  assert.deepEqual(
    await Promise.all([
      greet("de", "greeting"),
      greet("en", "greeting"),
    ]),
    ["Hallo", "Hallo"],
  );
  // The key says all that the answer depends on.
  assert.deepEqual(
    await Promise.all([
      greet("de", "greeting de"),
      greet("en", "greeting en"),
    ]),
    ["Hallo", "Hello"],
  );
});

test("all callers get the same object", async (t) => {
  const api = await mockApi(t);
  const shared = getJson(`${api.url}/users/1`);
  const first = await shared;
  first.name = "Grace";
  assert.equal((await shared).name, "Grace");
  // The same failure, too.
  await api.fail("/users/2", [500]);
  const failing = getJson(`${api.url}/users/2`);
  const [one, two] = await Promise.allSettled([failing, failing]);
  assert(one.status === "rejected" && two.status === "rejected");
  assert(one.reason instanceof HttpError);
  assert.equal(one.reason, two.reason);
});

test("whether a shared response can be read twice", async (t) => {
  const api = await mockApi(t);
  const shared = fetch(`${api.url}/users/1`);
  const response = await shared;
  assert.equal((await response.json()).name, "Ada");
  await assert.rejects(async () => (await shared).json(), {
    name: "TypeError",
    message: "Body is unusable: Body has already been read",
  });
});

test("to share only what is in flight", async (t) => {
  const api = await mockApi(t);
  const promises = new Map();
  function shareInFlight(path) {
    if (!promises.has(path)) {
      const promise = getJson(api.url + path);
      promises.set(path, promise);
      const forget = () => promises.delete(path);
      promise.then(forget, forget);
    }
    return promises.get(path);
  }
  for (const _ of [1, 2]) {
    const asking = Array.from({ length: 10 }, () =>
      shareInFlight("/users/1"),
    );
    const users = await Promise.all(asking);
    assert.deepEqual(users, Array(10).fill({ id: 1, name: "Ada" }));
    assert.equal(promises.size, 0);
  }
  assert.equal((await api.log()).length, 2);
});

test("what has come stays for a minute", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  const promises = new Map();
  function shareForAMinute(path) {
    const forget = () => promises.delete(path);
    if (!promises.has(path)) {
      const promise = getJson(api.url + path);
      promises.set(path, promise);
      promise.then(() => setTimeout(forget, 60_000).unref(), forget);
    }
    return promises.get(path);
  }
  assert.equal((await shareForAMinute("/users/1")).name, "Ada");
  await api.answer("/users/1", { body: '{"name": "Grace"}' });
  await time.advance(59_000);
  assert.equal((await shareForAMinute("/users/1")).name, "Ada");
  await time.advance(1000);
  assert.equal(promises.size, 0);
  assert.equal((await shareForAMinute("/users/1")).name, "Grace");
});

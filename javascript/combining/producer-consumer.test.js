import assert from "node:assert/strict";
import { EventEmitter, on, once } from "node:events";
import { ReadableStream, TransformStream } from "node:stream/web";
import { test } from "node:test";

import { done, mockApi, running } from "../helpers.js";
import { load, main, produce } from "./producer-consumer.js";

// The program asks for slow posts, so that you see the order.
async function quickApi(t) {
  const api = await mockApi(t);
  await api.delay("/posts/*", 0);
  return api;
}

// The paths of the requests so far that begin with `pattern`.
async function asked(api, pattern) {
  const log = await api.log({ settled: false });
  const paths = log.map((entry) => entry.path);
  return paths.filter((path) => path.startsWith(pattern));
}

// Let the program take in what has been answered.
async function takenIn(api) {
  // Whatever it would ask for next is sent before these are answered.
  for (let n = 0; n < 3; n++) {
    await (await fetch(`${api.url}/data`)).text();
  }
}

// A queue with room for so many.
function queueOf(highWaterMark) {
  return new TransformStream({}, {}, { highWaterMark });
}

test("a slow consumer holds the producer back", async (t) => {
  const api = await quickApi(t);
  await api.hold("/users/*");
  const program = running(() => main(api.url));
  await api.ended("GET /posts/*", 5);
  await api.saw("GET /users/*", 2);
  await takenIn(api);
  // Two workers have one each, two wait, and one finds no room.
  assert.deepEqual(await asked(api, "/posts/"), [
    "/posts/7",
    "/posts/6",
    "/posts/10",
    "/posts/8",
    "/posts/5",
  ]);
  assert.equal((await asked(api, "/users/")).length, 2);
  await api.release("/users/*");
  await program.done;
  assert.equal(program.lines.length, 7);
  assert.equal((await asked(api, "/posts/")).length, 7);
});

test("one more is read when a worker is free", async (t) => {
  const api = await quickApi(t);
  for (const user of [4, 5, 1, 3]) {
    await api.hold(`/users/${user}/picture`);
  }
  const program = running(() => main(api.url));
  await api.ended("GET /posts/*", 5);
  await api.saw("GET /users/*", 2);
  await api.release("/users/5/picture");
  await api.ended("GET /posts/*", 6);
  await takenIn(api);
  assert.equal((await asked(api, "/posts/")).length, 6);
  assert.equal((await asked(api, "/users/")).length, 3);
  await api.release("/users/*");
  await program.done;
});

test("a slow job holds one worker", async (t) => {
  const api = await quickApi(t);
  await api.hold("/users/4/picture");
  const program = running(() => main(api.url));
  // All others go through the second worker, in order.
  await program.prints("Line up, please");
  assert.equal(program.lines.length, 6);
  assert.doesNotMatch(program.output, /One door/);
  await api.release("/users/4/picture");
  await program.done;
  assert.deepEqual(program.lines.slice(6), [
    "One door, many hands: 268 bytes",
  ]);
});

test("each post is done once", async (t) => {
  const api = await quickApi(t);
  const shown = [];
  await load(api.url, (line) => shown.push(line));
  assert.deepEqual(shown.sort(), [
    "Cancelled, not failed: 269 bytes",
    "Hello, loop: 265 bytes",
    "Is it done yet?: 266 bytes",
    "Line up, please: 266 bytes",
    "One door, many hands: 268 bytes",
    "Patience has a limit: 267 bytes",
    "The slowest of three: 265 bytes",
  ]);
  assert.equal((await api.log()).length, 14);
});

test("a worker that fails stops the others", async (t) => {
  const api = await quickApi(t);
  for (const path of [
    "/users/4/picture",
    "/users/5/picture",
    "/posts/8",
  ]) {
    await api.hold(path);
  }
  await api.fail("/users/5/picture", [503]);
  const loading = load(api.url, console.log);
  loading.catch(() => {});
  await api.saw("GET /users/*", 2);
  await api.saw("GET /posts/8");
  await api.release("/users/5/picture");
  await assert.rejects(loading, { message: "HTTP 503" });
  // Post 10 was in the queue. Nobody fetches its picture.
  assert.deepEqual(await api.endings(), {
    "/posts/7": "completed",
    "/users/4/picture": "client hung up",
    "/posts/6": "completed",
    "/users/5/picture": "completed",
    "/posts/10": "completed",
    "/posts/8": "client hung up",
  });
});

test("a failure ends the wait for room", async (t) => {
  const api = await quickApi(t);
  await api.hold("/users/*");
  await api.fail("/users/4/picture", [503]);
  const loading = load(api.url, console.log);
  loading.catch(() => {});
  await api.ended("GET /posts/*", 5);
  await takenIn(api);
  await api.release("/users/4/picture");
  await assert.rejects(loading, { message: "HTTP 503" });
  assert.equal((await asked(api, "/posts/")).length, 5);
});

test("a producer that fails stops the workers", async (t) => {
  const api = await quickApi(t);
  await api.hold("/users/4/picture");
  await api.hold("/posts/10");
  await api.fail("/posts/10", [503]);
  const loading = load(api.url, () => {});
  loading.catch(() => {});
  await api.saw("GET /users/4/picture");
  await api.ended("GET /users/5/picture");
  await api.saw("GET /posts/10");
  await api.release("/posts/10");
  await assert.rejects(loading, { message: "HTTP 503" });
  assert.deepEqual(await api.endings(), {
    "/posts/7": "completed",
    "/users/4/picture": "client hung up",
    "/posts/6": "completed",
    "/users/5/picture": "completed",
    "/posts/10": "completed",
  });
});

// JavaScript only: a task group waits by itself.
test("it ends only when all others have ended", async (t) => {
  const stopped = Promise.withResolvers();
  const clean = Promise.withResolvers();
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (url.startsWith("/posts/7")) return Response.json(post(4));
    if (url.startsWith("/posts/6")) return Response.json(post(5));
    if (url === "/users/5/picture") throw new TypeError("fetch failed");
    await once(signal, "abort");
    stopped.resolve(undefined);
    await clean.promise;
    throw signal.reason;
  });
  const post = (id) => ({ author: { id } });
  const loading = load("", () => {});
  loading.catch(() => {});
  await stopped.promise;
  assert.equal(await done(loading), false);
  clean.resolve(undefined);
  await assert.rejects(loading, { message: "fetch failed" });
});

test("a bug in a worker is reported", async (t) => {
  const api = await quickApi(t);
  const broken = () => {
    throw new TypeError("a bug");
  };
  await assert.rejects(load(api.url, broken), { message: "a bug" });
});

test("without a bound all is read", async (t) => {
  const api = await quickApi(t);
  const queue = queueOf(Infinity);
  const { signal } = new AbortController();
  // No worker takes anything, and the producer comes to its end.
  const posts = ReadableStream.from(produce(api.url, signal));
  await posts.pipeTo(queue.writable);
  assert.equal((await asked(api, "/posts/")).length, 7);
});

// JavaScript only: a Python generator has one reader.
test("a generator reads nothing ahead", async (t) => {
  const api = await quickApi(t);
  const { signal } = new AbortController();
  const posts = produce(api.url, signal);
  const read = await Promise.all([posts.next(), posts.next()]);
  assert.deepEqual(
    read.map(({ value }) => value.id),
    [7, 6],
  );
  await takenIn(api);
  assert.equal((await asked(api, "/posts/")).length, 2);
});

// What the language does, without the program.

test("the producer ends before the work", async () => {
  async function* fill() {
    yield 0;
    yield 1;
  }
  const queue = queueOf(2);
  await ReadableStream.from(fill()).pipeTo(queue.writable);
  const left = await Array.fromAsync(queue.readable);
  assert.deepEqual(left, [0, 1]);
});

// JavaScript only: Python's queue has no listener.
test("events.on holds nobody back", async () => {
  const emitter = new EventEmitter();
  const posts = on(emitter, "post");
  // Nobody reads.
  for (let n = 0; n < 1000; n++) emitter.emit("post", n);
  // All of them have been kept.
  for (let n = 0; n < 1000; n++) {
    assert.deepEqual((await posts.next()).value, [n]);
  }
  await posts.return?.();
});

// JavaScript only: Python's queue has no listener.
test("events.on pauses what can be paused", async () => {
  const emitter = new EventEmitter();
  const calls = [];
  const pausable = Object.assign(emitter, {
    pause: () => calls.push("pause"),
    resume: () => calls.push("resume"),
  });
  const marks = { highWaterMark: 2, lowWaterMark: 1 };
  const posts = on(pausable, "post", marks);
  emitter.emit("post", 1);
  emitter.emit("post", 2);
  assert.deepEqual(calls, []);
  emitter.emit("post", 3);
  assert.deepEqual(calls, ["pause"]);
  for (let n = 0; n < 3; n++) await posts.next();
  assert.deepEqual(calls, ["pause", "resume"]);
  await posts.return?.();
});

// JavaScript only: Python's queue has None or shutdown.
test("close tells every worker", async () => {
  const queue = queueOf(2);
  const reader = queue.readable.getReader();
  const writer = queue.writable.getWriter();
  // Three wait, and what is in the queue is still taken.
  const reads = [reader.read(), reader.read(), reader.read()];
  await writer.write("a post");
  await writer.close();
  const [first, ...others] = await Promise.all(reads);
  assert.equal(first.value, "a post");
  assert.deepEqual(
    others.map((read) => read.done),
    [true, true],
  );
  await assert.rejects(
    writer.write("too late"),
    (/** @type {Error} */ error) => {
      assert.equal(
        String(error.stack).split("\n")[0],
        "TypeError [ERR_INVALID_STATE]: Invalid state: " +
          "WritableStream is closed",
      );
      return true;
    },
  );
});

// JavaScript only: Python's queue has shutdown.
test("abort drops the rest", async () => {
  const queue = queueOf(2);
  const writer = queue.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write("a post");
  await writer.abort(new Error("no luck"));
  const reader = queue.readable.getReader();
  reader.closed.catch(() => {});
  await assert.rejects(reader.read(), { message: "no luck" });
});

test("a dead worker leaves you waiting", async () => {
  async function* count() {
    for (let n = 0; n < 10; n++) yield n;
  }
  const queue = queueOf(2);
  const filling = ReadableStream.from(count()).pipeTo(queue.writable);
  filling.catch(() => {});
  const reader = queue.readable.getReader();
  async function work() {
    await reader.read();
    throw new Error("no luck");
  }
  await assert.rejects(work());
  assert.equal(await done(filling), false);
  // Tell the stream, and the producer learns of it.
  await reader.cancel(new Error("no luck"));
  await assert.rejects(filling, { message: "no luck" });
});

// JavaScript only: a Python task can be cancelled.
test("a signal does not end the wait for room", async () => {
  async function* count() {
    for (let n = 0; n < 10; n++) yield n;
  }
  const queue = queueOf(2);
  const stop = new AbortController();
  const { signal } = stop;
  const posts = ReadableStream.from(count());
  const filling = posts.pipeTo(queue.writable, { signal });
  filling.catch(() => {});
  assert.equal(await done(filling), false);
  stop.abort();
  // The stream waits for the write that waits for room.
  assert.equal(await done(filling), false);
  await queue.readable.cancel(new Error("no luck"));
  await assert.rejects(filling, { message: "no luck" });
});

test("several workers read one generator", async () => {
  async function* count() {
    for (let n = 0; n < 6; n++) yield n;
  }
  const posts = count();
  const taken = { first: [], second: [] };
  async function work(name) {
    for await (const post of posts) taken[name].push(post);
  }
  await Promise.all([work("first"), work("second")]);
  assert.deepEqual(taken, { first: [0, 2, 4], second: [1, 3, 5] });
});

// JavaScript only: Python's workers share no generator.
test("a break ends a shared generator for all", async () => {
  async function* count() {
    for (let n = 0; n < 6; n++) yield n;
  }
  const posts = count();
  const taken = [];
  async function leave() {
    for await (const _ of posts) break;
  }
  async function work() {
    for await (const post of posts) taken.push(post);
  }
  await Promise.all([leave(), work()]);
  assert.deepEqual(taken, [1]);
});

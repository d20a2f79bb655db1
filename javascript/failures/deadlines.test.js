import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import {
  clock,
  done,
  mockApi,
  openTimers,
  printed,
  runNode,
  running,
} from "../helpers.js";
import { getPicture, loadPage, main } from "./deadlines.js";

test("a step is given up and then the page", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*/picture");
  await api.hold("/users/2");
  const time = clock(t);
  const program = running(() => main(api.url));
  await api.saw("GET /users/5/picture");
  await api.saw("GET /users/2");
  await time.advance(299);
  const endings = await api.endings({ settled: false });
  assert.equal(endings["/users/5/picture"], null);
  await time.advance(1);
  await api.ended("/users/5/picture");
  // All steps of the other page use up the same deadline.
  await time.advance(200);
  await api.release("/users/2");
  await api.saw("GET /users/4/picture");
  await time.advance(199);
  assert.deepEqual(program.lines, []);
  await time.advance(1);
  await program.done;
  // The deadline is not taken for the limit of the picture.
  assert.deepEqual(program.lines, [
    "Ada, news: 3, no picture in time",
    "no page in 0.7 s",
  ]);
  assert.deepEqual(await api.endings(), {
    "/users/1": "completed",
    "/users/2": "completed",
    "/notifications": "completed",
    "/users/5/picture": "client hung up",
    "/users/4/picture": "client hung up",
  });
});

test("what comes in time is kept", async (t) => {
  const api = await mockApi(t);
  clock(t);
  const output = await printed(() => main(api.url));
  assert.equal(
    output,
    "Ada, news: 3, a picture of 269 bytes\n" +
      "Grace, news: 3, a picture of 268 bytes\n",
  );
});

test("the deadline goes on after a step", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5/picture");
  await api.hold("/notifications");
  const time = clock(t);
  const loading = loadPage(api.url, 1, 5, 2000);
  await api.saw("GET /notifications");
  await time.advance(1800);
  await api.release("/notifications");
  await api.saw("GET /users/5/picture");
  // Less is left than the limit of the picture.
  await time.advance(199);
  assert(!(await done(loading)));
  await time.advance(1);
  assert.equal(await loading, "no page in 2 s");
  assert.deepEqual(await api.endings(), {
    "/users/1": "completed",
    "/notifications": "completed",
    "/users/5/picture": "client hung up",
  });
});

for (const path of ["/users/1", "/notifications"]) {
  test(`the deadline ends any step (${path})`, async (t) => {
    const api = await mockApi(t);
    await api.hold(path);
    const time = clock(t);
    const loading = loadPage(api.url, 1, 5, 2000);
    await api.saw(`GET ${path}`);
    await time.advance(2000);
    assert.equal(await loading, "no page in 2 s");
    assert.equal((await api.endings())[path], "client hung up");
  });
}

for (const path of ["/users/1", "/users/5/picture", "/notifications"]) {
  test(`another failure is not called late (${path})`, async (t) => {
    const api = await mockApi(t);
    await api.fail(path, [503]);
    const loading = loadPage(api.url, 1, 5, 60_000);
    await assert.rejects(loading, /HTTP 503/);
  });
}

test("a timeout of others is not called ours", async (t) => {
  const others = new DOMException("of others", "TimeoutError");
  t.mock.method(globalThis, "fetch", async () => {
    throw others;
  });
  const url = "http://localhost";
  const { signal } = new AbortController();
  await assert.rejects(getPicture(url, 5, signal), others);
  await assert.rejects(loadPage(url, 1, 5, 60_000), others);
});

test("a failure after the limit is not called late", async (t) => {
  t.mock.method(globalThis, "fetch", async (_url, { signal }) => {
    await new Promise((resolve) => {
      signal.onabort = resolve;
    });
    throw new Error("no luck");
  });
  const time = clock(t);
  const url = "http://localhost";
  const { signal } = new AbortController();
  for (const work of [
    () => getPicture(url, 5, signal),
    () => loadPage(url, 1, 5, 2000),
  ]) {
    const rejected = assert.rejects(work, { message: "no luck" });
    await time.advance(2000);
    await rejected;
  }
});

// What the language does, without the program.

const get = async (url, signal) =>
  await (await fetch(url, { signal })).json();

test("a limit for each step is no deadline", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const time = clock(t);
  async function each() {
    for (const user of [1, 2, 3]) {
      const signal = AbortSignal.timeout(3000);
      await get(`${api.url}/users/${user}`, signal);
    }
  }
  const working = each();
  for (const user of [1, 2, 3]) {
    await api.saw(`GET /users/${user}`);
    // Six seconds in all, and no limit of three has struck.
    await time.advance(2000);
    assert(!(await done(working)));
    await api.release(`/users/${user}`);
  }
  await working;
});

test("both limits at the same moment", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5/picture");
  const time = clock(t);
  // The picture's own limit is as long, and begins later.
  const loading = loadPage(api.url, 1, 5, 300);
  await api.saw("GET /users/5/picture");
  await time.advance(300);
  assert.equal(await loading, "no page in 0.3 s");

  // If the smaller one strikes first, the step is given up. With a
  // signal that is aborted, fetch does not begin the next one.
  const deadline = new AbortController();
  const picture = getPicture(api.url, 5, deadline.signal);
  await api.saw("GET /users/5/picture", 2);
  await time.advance(300);
  deadline.abort();
  assert.equal(await picture, "no picture in time");
  const next = get(`${api.url}/users/3`, deadline.signal);
  await assert.rejects(next, { name: "AbortError" });
  const asked = (await api.log()).map((entry) => entry.path);
  assert(!asked.includes("/users/3"));
});

// JavaScript only: a limit in Python is a block, and no list.
test("a joined signal looks when it is asked", () => {
  function join(listen) {
    const [first, second] = [
      new AbortController(),
      new AbortController(),
    ];
    const signal = AbortSignal.any([first.signal, second.signal]);
    if (listen) signal.addEventListener("abort", () => {});
    second.abort("second");
    first.abort("first");
    return signal.reason;
  }
  assert.equal(join(true), "second");
  // The one that aborted later stands before the other in the list.
  assert.equal(join(false), "first");
});

test("a deadline is passed on", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const time = clock(t);
  const deadline = AbortSignal.timeout(3000);
  const first = get(`${api.url}/users/1`, deadline);
  const late = assert.rejects(first, { name: "TimeoutError" });
  await api.saw("GET /users/1");
  await time.advance(2000);
  const second = get(`${api.url}/users/2`, deadline);
  const later = assert.rejects(second, { name: "TimeoutError" });
  await api.saw("GET /users/2");
  await time.advance(999);
  assert(!(await done(first)));
  assert(!(await done(second)));
  await time.advance(1);
  await Promise.all([late, later]);
});

test("a limit tells how much is left", () => {
  // It does not: all that a signal tells is whether it is over.
  const told = Object.getOwnPropertyNames(AbortSignal.prototype);
  assert.deepEqual(told.sort(), [
    "aborted",
    "constructor",
    "onabort",
    "reason",
    "throwIfAborted",
  ]);
  const own = Reflect.ownKeys(AbortSignal.timeout(60_000));
  assert.deepEqual(
    own.filter((key) => typeof key === "string"),
    [],
  );
});

function movableLimit() {
  const controller = new AbortController();
  const reason = new DOMException("Too late.", "TimeoutError");
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  return {
    signal: controller.signal,
    /** @param {number} milliseconds from now on */
    move(milliseconds) {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(reason), milliseconds);
    },
    // Its timer would keep Node alive.
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

test("a limit can be moved", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const time = clock(t);
  async function work() {
    using limit = movableLimit();
    limit.move(3000);
    await get(`${api.url}/users/1`, limit.signal);
    // There is news: from here on it may take three seconds.
    limit.move(3000);
    await get(`${api.url}/users/2`, limit.signal);
  }
  const working = work();
  const late = assert.rejects(working, { message: "Too late." });
  await api.saw("GET /users/1");
  await time.advance(2000);
  await api.release("/users/1");
  await api.saw("GET /users/2");
  await time.advance(2999);
  assert(!(await done(working)));
  await time.advance(1);
  await late;
  assert.deepEqual(await api.endings(), {
    "/users/1": "completed",
    "/users/2": "client hung up",
  });
});

// JavaScript only: Python's timer ends with its block.
test("a limit of your own leaves no timer", () => {
  const before = openTimers();
  {
    using limit = movableLimit();
    limit.move(60_000);
    assert.equal(openTimers(), before + 1);
  }
  assert.equal(openTimers(), before);
});

test("a limit needs a real wait", async () => {
  const signal = AbortSignal.timeout(0);
  const there = Promise.resolve("there");
  const start = performance.now();
  while (performance.now() - start < 20) {
    await null;
    await there;
  }
  // Its time was over long ago.
  assert(!signal.aborted);

  // Who gives way to the event loop meets it.
  while (!signal.aborted) await turn();
});

test("after the deadline nothing is sent", async (t) => {
  const api = await mockApi(t);
  // A connection is open: the request could leave at once.
  await get(`${api.url}/data`);
  const over = AbortSignal.abort();
  const asking = get(`${api.url}/users/1`, over);
  await assert.rejects(asking, { name: "AbortError" });
  const asked = (await api.log()).map((entry) => entry.path);
  assert.deepEqual(asked, ["/data"]);
});

// JavaScript only: nobody listens to a limit in Python.
test("a signal has no limit of listeners", async () => {
  const { code, stderr } = await runNode([
    "--input-type=module",
    "--eval",
    `import { getMaxListeners, setMaxListeners } from "node:events";
     import { setImmediate as turn } from "node:timers/promises";

     function listen(signal) {
       for (let n = 0; n < 11; n++) {
         signal.addEventListener("abort", () => {});
       }
     }
     const { signal } = new AbortController();
     console.error(getMaxListeners(signal));
     listen(signal);
     await turn();
     console.error("Now it has one.");
     const other = new AbortController().signal;
     setMaxListeners(10, other);
     // Signals of their own, to which others listen.
     for (let n = 0; n < 11; n++) listen(AbortSignal.any([other]));
     await turn();
     console.error("Now they listen to it.");
     listen(other);`,
  ]);
  assert.equal(code, 0);
  const lines = stderr.replace(/^\(node:\d+\) /gm, "").split("\n");
  assert.deepEqual(lines.slice(0, 4), [
    "0",
    "Now it has one.",
    "Now they listen to it.",
    "MaxListenersExceededWarning: Possible EventTarget memory leak detected. 11 abort listeners added to [AbortSignal]. MaxListeners is 10. Use events.setMaxListeners() to increase limit",
  ]);
});

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { readFile } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import { clock, mockApi, runNode, running } from "../helpers.js";
import { main, pause } from "./callbacks.js";

test("the caller goes on before it is called back", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.hold("/users/1");
  const program = running(() => main(api.url));
  assert.deepEqual(program.lines, ["main goes on"]);
  await api.saw("GET /users/1");
  assert.deepEqual(program.lines, ["main goes on"]);
  await api.release("/users/1");
  await program.prints("Awaited: Ada\n");
  await time.advance(50);
  await program.done;
});

test("callbacks run while main waits", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.hold("/users/1");
  const program = running(() => main(api.url));
  await api.saw("GET /users/1");
  await time.advance(50);
  const waiting = ["main goes on", "Timer: still loading"];
  assert.deepEqual(program.lines, waiting);
  await api.release("/users/1");
  await program.prints("Awaited: Ada\n");
  const answered = ["Called back: Ada", "Awaited: Ada"];
  assert.deepEqual(program.lines, [...waiting, ...answered]);
  await time.advance(49);
  assert.deepEqual(program.lines, [...waiting, ...answered]);
  await time.advance(1);
  await program.done;
  assert.equal(program.lines.at(-1), "Paused");
});

test("a cancelled timer does not call back", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  const program = running(() => main(api.url));
  await program.prints("Awaited: Ada\n");
  await time.advance(1000);
  await program.done;
  assert.deepEqual(program.lines, [
    "main goes on",
    "Called back: Ada",
    "Awaited: Ada",
    "Paused",
  ]);
});

test("a failure is called back and raised", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.fail("/users/1", [500]);
  const program = running(() => main(api.url));
  await assert.rejects(program.done, /HTTP 500/);
  await time.advance(1000);
  assert.deepEqual(program.lines, [
    "main goes on",
    "Called back: no name",
  ]);
});

test("pause waits until its timer is due", async (t) => {
  const time = clock(t);
  let done = false;
  const paused = pause(50).then(() => {
    done = true;
  });
  await time.advance(49);
  assert.equal(done, false);
  await time.advance(1);
  assert.equal(done, true);
  await paused;
});

// What the language does, without the program.

test("a callback waits even if the result is there", async () => {
  const order = [];
  const called = Promise.resolve("Ada").then(() =>
    order.push("result"),
  );
  queueMicrotask(() => order.push("soon"));
  order.push("caller");
  await called;
  await null;
  assert.deepEqual(order, ["caller", "result", "soon"]);
});

test("a variable that a callback sets is not set yet", async () => {
  const names = [];
  const called = Promise.resolve("Ada").then((name) => {
    names.push(name);
  });
  // Too early: the callback has not run yet.
  assert.deepEqual(names, []);
  await called;
  assert.deepEqual(names, ["Ada"]);
});

test("some callbacks run inside the call", () => {
  const order = [];
  const emitter = new EventEmitter();
  emitter.on("name", (name) => order.push(name));
  emitter.emit("name", "Ada");
  order.push("caller");
  assert.deepEqual(order, ["Ada", "caller"]);
});

const BROKEN = `
  try {
    setTimeout(() => {
      throw new Error("no room");
    }, 0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  } catch {
    console.log("caught");
  }
  console.log("still here");
`;

test("a try around the call misses what a callback raises", async () => {
  const { code, stdout, stderr } = await runNode(["-e", BROKEN]);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.match(stderr, /Error: no room/);
});

test("a handler for all can hear of it", async () => {
  const handler = `
    process.on("uncaughtException", (error) => {
      console.log("heard:", error.message);
    });
  `;
  assert.deepEqual(await runNode(["-e", handler + BROKEN]), {
    code: 0,
    stdout: "heard: no room\nstill here\n",
    stderr: "",
  });
});

// JavaScript only: a done callback in Python gives nothing to handle.
test("what a callback of then throws goes to the next handler", async () => {
  const heard = await Promise.resolve("Ada")
    .then((name) => {
      throw new Error(`no room for ${name}`);
    })
    .catch((error) => error.message);
  assert.equal(heard, "no room for Ada");
});

// JavaScript only: Python has no convention that says what comes first.
test("promisify wraps a callback that takes the error first", async () => {
  const read = promisify(readFile);
  const text = await read(import.meta.filename, "utf8");
  assert.match(text, /^import assert/);
  await assert.rejects(read("no such file"), { code: "ENOENT" });
});

// JavaScript only: Python's asyncio has no such events.
test("once wraps a single event", async () => {
  const emitter = new EventEmitter();
  const named = once(emitter, "name");
  emitter.emit("name", "Ada");
  assert.deepEqual(await named, ["Ada"]);
});

// JavaScript only: Python's asyncio.sleep needs no wrapping.
test("Node has timers that can be awaited", async (t) => {
  const time = clock(t);
  const slept = sleep(50, "awake");
  await time.advance(50);
  assert.equal(await slept, "awake");
});

// JavaScript only: a Python future is settled by no function of its own.
test("a promise wrapped by hand loses the failure", async () => {
  const { code, stdout, stderr } = await runNode([
    "-e",
    `const getName = async () => {
       throw new Error("no luck");
     };
     const wrapped = new Promise((resolve) => {
       getName().then(resolve);
     });
     wrapped.catch(() => console.log("handled"));`,
  ]);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.match(stderr, /Error: no luck/);
});

// JavaScript only: a Python coroutine that nobody awaits never runs.
test("an async callback runs and is not waited for", async () => {
  const order = [];
  const later = Promise.withResolvers();
  const emitter = new EventEmitter();
  emitter.on("name", async (name) => {
    order.push("begins");
    await later.promise;
    order.push(name);
  });
  emitter.emit("name", "Ada");
  order.push("caller");
  later.resolve(null);
  await later.promise;
  assert.deepEqual(order, ["begins", "caller", "Ada"]);
});

// JavaScript only: a Python coroutine that nobody awaits cannot fail.
test("an async callback that fails ends the process", async () => {
  const { code, stderr } = await runNode([
    "-e",
    `try {
       setTimeout(async () => {
         throw new Error("no room");
       }, 0);
       await new Promise((resolve) => setTimeout(resolve, 1));
     } catch {}`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: no room/);
});

// JavaScript only: a done callback in Python returns to nobody.
test("then waits for an async callback", async () => {
  const later = Promise.withResolvers();
  const chained = Promise.resolve("Ada").then(async (name) => {
    await later.promise;
    return name.length;
  });
  later.resolve(null);
  assert.equal(await chained, 3);
});

test("a call in place of a function", () => {
  const called = [];
  const note = () => {
    called.push("at once");
  };
  /** @type {any} a type checker would refuse the next lines */
  const timer = setTimeout;
  assert.throws(
    () => timer(note(), 50),
    (error) => {
      assert.equal(
        String(error),
        "TypeError [ERR_INVALID_ARG_TYPE]: " +
          'The "callback" argument must be of type function. ' +
          "Received undefined",
      );
      return true;
    },
  );
  assert.deepEqual(called, ["at once"]);
});

// JavaScript only: Python has no functions that take an optional callback.
test("a function that calls back gives no promise", async () => {
  /** @type {any} a type checker would refuse the next lines */
  const read = readFile;
  assert.throws(
    () => read("posts.json", "utf8"),
    (error) => {
      assert.equal(
        String(error),
        "TypeError [ERR_INVALID_ARG_TYPE]: " +
          'The "cb" argument must be of type function. ' +
          "Received type string ('utf8')",
      );
      return true;
    },
  );
  const found = Promise.withResolvers();
  const reading = read(import.meta.filename, found.resolve);
  assert.throws(
    () => reading.then(),
    (error) => {
      assert.equal(
        String(error),
        "TypeError: Cannot read properties of undefined (reading 'then')",
      );
      return true;
    },
  );
  assert.equal(await found.promise, null);
});

// JavaScript only: a Python future counts no callbacks.
test("an eleventh listener is a warning", async () => {
  for (const add of ["on", "once"]) {
    const { code, stderr } = await runNode([
      "-e",
      `import { EventEmitter } from "node:events";
       const emitter = new EventEmitter();
       for (let n = 0; n < 11; n += 1) emitter.${add}("data", () => {});`,
    ]);
    assert.equal(code, 0);
    assert(
      stderr.includes(
        "MaxListenersExceededWarning: Possible EventEmitter memory leak " +
          "detected. 11 data listeners added to [EventEmitter]. " +
          "MaxListeners is 10. " +
          "Use emitter.setMaxListeners() to increase limit",
      ),
    );
  }
});

// JavaScript only: Python's threads share their functions.
test("another thread cannot be given a callback", () => {
  const callback = () => {};
  assert.throws(
    () => new Worker("", { eval: true, workerData: callback }),
    { name: "DataCloneError" },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";

import { mockApi, printed, runNode, running } from "../helpers.js";
import {
  getMessage,
  louder,
  main,
  watch,
} from "./promises-and-futures.js";

const HELLO = "Hello from the mock API";

test("one request serves every await", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Done? no\n" +
      `Awaited: ${HELLO}\n` +
      `Awaited again: ${HELLO}\n` +
      `Made into another: ${HELLO.toUpperCase()}\n` +
      "Done? yes\n" +
      "Settled again: undefined\n" +
      "It keeps: first\n",
  );
  assert.equal((await api.log()).length, 1);
});

test("main holds the result before it is there", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const program = running(() => main(api.url));
  await api.saw("GET /data");
  assert.deepEqual(program.lines, ["Done? no"]);
  await api.release("/data");
  await program.done;
  assert.equal(program.lines[1], `Awaited: ${HELLO}`);
});

test("many can wait for the same result", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const message = getMessage(api.url);
  const state = watch(message);
  const readers = Promise.all([1, 2, 3].map(() => louder(message)));
  const all = watch(readers);
  await api.saw("GET /data");
  assert.deepEqual([state.done, all.done], [false, false]);
  await api.release("/data");
  const loud = HELLO.toUpperCase();
  assert.deepEqual(await readers, [loud, loud, loud]);
  assert.deepEqual([state.done, all.done], [true, true]);
  assert.equal((await api.log()).length, 1);
});

test("a failure is kept like a value", async (t) => {
  const api = await mockApi(t);
  await api.fail("/data", [500]);
  const message = getMessage(api.url);
  const state = watch(message);
  await assert.rejects(message, /HTTP 500/);
  await assert.rejects(message, /HTTP 500/);
  assert.equal(state.done, true);
  await assert.rejects(louder(message), /HTTP 500/);
  assert.equal((await api.log()).length, 1);
});

// What the language does, without the program.

test("only the first settling counts", async () => {
  const { promise, resolve, reject } = Promise.withResolvers();
  resolve("first");
  assert.equal(resolve("second"), undefined);
  assert.equal(reject(new Error("third")), undefined);
  assert.equal(await promise, "first");
});

// JavaScript only: a Python future tells its state, and can be settled.
test("a promise has no method that asks, settles or cancels", () => {
  const promise = Promise.resolve("Ada");
  assert.deepEqual(Object.getOwnPropertyNames(promise), []);
  assert.deepEqual(
    Object.getOwnPropertyNames(Promise.prototype).sort(),
    ["catch", "constructor", "finally", "then"],
  );
});

test("printed, it is pending", async () => {
  const { stdout } = await runNode([
    "-e",
    `const name = async () => {
       await null;
       return "Ada";
     };
     const promise = name();
     console.log(promise);
     await promise;
     console.log(promise);`,
  ]);
  assert.equal(stdout, "Promise { <pending> }\nPromise { 'Ada' }\n");
});

// JavaScript only: Python has nothing like the function of new Promise.
test("new Promise wants a function, and runs it at once", async () => {
  const order = [];
  const promise = new Promise((resolve) => {
    order.push("function");
    resolve("Ada");
  });
  order.push("caller");
  assert.equal(await promise, "Ada");
  assert.deepEqual(order, ["function", "caller"]);

  /** @type {any} a type checker would refuse the next line */
  const Wrong = Promise;
  assert.throws(
    () => new Wrong(),
    (error) => {
      assert.equal(
        String(error),
        "TypeError: Promise resolver undefined is not a function",
      );
      return true;
    },
  );
});

// JavaScript only: what a done callback returns is dropped.
test("then gives a promise of what its callback returns", async () => {
  const first = Promise.resolve("Ada");
  const second = first.then((name) => name.length);
  assert(second instanceof Promise);
  assert.notEqual(second, first);
  assert.equal(await second, 3);
  const failed = first.then(() => {
    throw new Error("no luck");
  });
  await assert.rejects(failed, /no luck/);
  // Without a callback for the failure it is handed on.
  await assert.rejects(
    failed.then(() => "skipped"),
    /no luck/,
  );
});

// JavaScript only: Python chains with await alone.
test("a step of a chain sees only the last result", async () => {
  const getUser = async () => ({ id: 1, name: "Ada" });
  const getPosts = async (/** @type {number} */ author) => [author];

  const nested = getUser().then((user) =>
    getPosts(user.id).then((posts) => `${user.name}: ${posts.length}`),
  );
  assert.equal(await nested, "Ada: 1");

  const user = await getUser();
  const posts = await getPosts(user.id);
  assert.equal(`${user.name}: ${posts.length}`, "Ada: 1");
});

// JavaScript only: a Python task cannot get hold of itself so early.
test("a promise cannot wait for itself", async () => {
  const promise = Promise.resolve().then(() => promise);
  await assert.rejects(promise, (error) => {
    assert.equal(
      String(error),
      "TypeError: Chaining cycle detected for promise #<Promise>",
    );
    return true;
  });
});

// JavaScript only: a Python future keeps an inner one as it is.
test("a promise of a promise cannot be made", async () => {
  const inner = Promise.withResolvers();
  const outer = Promise.withResolvers();
  outer.resolve(inner.promise);
  const giveInner = async () => inner.promise;
  const chained = Promise.resolve().then(giveInner);
  const all = [outer.promise, giveInner(), chained];
  const states = all.map(watch);
  await nextTurn();
  assert.deepEqual(
    states.map((state) => state.done),
    [false, false, false],
  );
  // Not settled yet, and all the same it is too late for another value.
  outer.resolve("Grace");
  inner.resolve("Ada");
  assert.deepEqual(await Promise.all(all), ["Ada", "Ada", "Ada"]);
});

// JavaScript only: a Python future fails with exceptions alone.
test("anything can be the failure", async () => {
  const { promise, reject } = Promise.withResolvers();
  reject("no luck");
  const caught = await promise.catch((reason) => reason);
  assert.equal(caught, "no luck");
});

const FAIL = `
  const fail = async () => {
    throw new Error("no luck");
  };
  const later = () => new Promise((resolve) => setTimeout(resolve, 1));
`;

// JavaScript only: a Python task keeps its failure until you ask.
test("a handler that comes late does not save the process", async () => {
  const code = `
    const quick = fail();
    try {
      await later();
      await quick;
    } catch {
      console.log("caught");
    }
  `;
  const ended = await runNode(["-e", FAIL + code]);
  assert.equal(ended.code, 1);
  assert.equal(ended.stdout, "");
  assert.match(ended.stderr, /Error: no luck/);
});

test("a failure can be handled late", async () => {
  const code = `
    const quick = fail();
    // It hides nothing: the await still throws.
    quick.catch(() => {});
    try {
      await later();
      await quick;
    } catch {
      console.log("caught");
    }
  `;
  assert.deepEqual(await runNode(["-e", FAIL + code]), {
    code: 0,
    stdout: "caught\n",
    stderr: "",
  });
});

// JavaScript only: a Python task keeps its failure until you ask.
test("a handler in the same turn is early enough", async () => {
  const code = `
    const first = fail();
    const second = fail();
    queueMicrotask(() => first.catch(() => console.log("handled")));
    try {
      await Promise.all([later(), second]);
    } catch {
      console.log("caught");
    }
  `;
  assert.deepEqual(await runNode(["-e", FAIL + code]), {
    code: 0,
    stdout: "handled\ncaught\n",
    stderr: "",
  });
});

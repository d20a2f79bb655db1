import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, runNode } from "../helpers.js";
import {
  getMessage,
  isThere,
  louder,
  main,
  settleTwice,
} from "./promises-and-futures.js";

test("one request serves every await", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "There yet? no\n" +
      "Awaited: Hello from the mock API\n" +
      "Awaited again: Hello from the mock API\n" +
      "There now? yes\n" +
      "Made into another: HELLO FROM THE MOCK API\n" +
      "Settled twice, it keeps the first\n",
  );
  assert.equal((await api.log()).length, 1);
});

test("many can wait for the same result", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const message = getMessage(api.url);
  let done = false;
  const readers = Promise.all([1, 2, 3].map(() => louder(message)));
  const watched = readers.then(() => {
    done = true;
  });
  await api.saw("GET /data");
  assert(!done);
  await api.release("/data");
  await watched;
  const loud = "HELLO FROM THE MOCK API";
  assert.deepEqual(await readers, [loud, loud, loud]);
  assert.equal((await api.log()).length, 1);
});

test("it is there when the answer has come", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const message = getMessage(api.url);
  await api.saw("GET /data");
  assert.equal(await isThere(message), false);
  await api.release("/data");
  assert.equal(await message, "Hello from the mock API");
  assert.equal(await isThere(message), true);
});

test("a failure is a result too", async (t) => {
  const api = await mockApi(t);
  await api.fail("/data", [500]);
  const message = getMessage(api.url);
  await assert.rejects(message, /HTTP 500/);
  assert.equal(await isThere(message), true);
  await assert.rejects(louder(message), /HTTP 500/);
});

test("printed, it is pending", async () => {
  const { stdout } = await runNode([
    "-e",
    `import { settleTwice } from "./basics/promises-and-futures.js";
     console.log(settleTwice());`,
  ]);
  assert.equal(stdout, "Promise { <pending> }\n");
});

test("only the first settling counts", async () => {
  assert.equal(await settleTwice(), "the first");
  const { promise, resolve, reject } = Promise.withResolvers();
  resolve("the first");
  assert.equal(resolve("the second"), undefined);
  assert.equal(reject(new Error("the third")), undefined);
  assert.equal(await promise, "the first");
});

// JavaScript only: a Python future tells its state, and can be settled.
test("a promise has no method that tells or settles", async () => {
  const promise = settleTwice();
  assert.deepEqual(Object.getOwnPropertyNames(promise), []);
  assert.deepEqual(
    Object.getOwnPropertyNames(Promise.prototype).sort(),
    ["catch", "constructor", "finally", "then"],
  );
  await promise;
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
});

// JavaScript only: a Python future keeps an inner one as it is.
test("a promise of a promise cannot be made", async () => {
  const inner = Promise.withResolvers();
  const outer = Promise.withResolvers();
  outer.resolve(inner.promise);
  const giveInner = async () => inner.promise;
  const chained = Promise.resolve().then(giveInner);
  const all = [outer.promise, giveInner(), chained];
  for (const promise of all) {
    assert.equal(await isThere(promise), false);
  }
  inner.resolve("Ada");
  assert.deepEqual(await Promise.all(all), ["Ada", "Ada", "Ada"]);
});

// JavaScript only: a Python future fails with exceptions alone.
test("anything can be the failure", async () => {
  const { promise, reject } = Promise.withResolvers();
  reject("no luck");
  try {
    await promise;
    assert.fail("not rejected");
  } catch (reason) {
    assert.equal(reason, "no luck");
  }
});

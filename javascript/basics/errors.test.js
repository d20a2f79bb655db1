import assert from "node:assert/strict";
import { test } from "node:test";

import { done, mockApi, runNode, running } from "../helpers.js";
import {
  main,
  stopTheRest,
  waitForAll,
  waitForEach,
} from "./errors.js";

test("the program goes on while another request runs", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  await api.saw("GET /users/4");
  await api.release("/status/500");
  await program.prints("Wait for all: HTTP 500\n");
  await api.saw("GET /users/5");
  await api.release("/status/502");
  await api.ended("/status/502");
  assert.equal(program.lines.length, 1);
  await api.release("/users/4");
  await api.ended("/users/4");
  await api.release("/users/5");
  await program.prints("How many failed: 1\n");
  await api.saw("GET /users/3");
  await api.release("/status/503");
  await program.done;
  const last = "Stop the rest: one failed, the rest is stopped";
  assert.deepEqual(program.lines.slice(2), [last]);
});

test("the others keep running", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  const waiting = waitForAll(api.url, "/users/5", "/status/503");
  assert.equal(await waiting, "HTTP 503");
  await api.saw("GET /users/5");
  assert.deepEqual(await api.endings({ settled: false }), {
    "/users/5": null,
    "/status/503": "completed",
  });
  await api.release("/users/5");
  assert.deepEqual(await api.endings(), {
    "/users/5": "completed",
    "/status/503": "completed",
  });
});

test("the rest can be stopped", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const outcome = stopTheRest(api.url, "/users/5", "/status/503");
  await api.saw("GET /users/5");
  await api.saw("GET /status/503");
  await api.release("/status/503");
  assert.equal(await outcome, "one failed, the rest is stopped");
  assert.deepEqual(await api.endings(), {
    "/users/5": "client hung up",
    "/status/503": "completed",
  });
});

test("it goes on only when the rest has ended", async (t) => {
  const clean = Promise.withResolvers();
  const stopped = Promise.withResolvers();
  // It fails, or takes a while to end when it is stopped.
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (url === "/fails") return new Response(null, { status: 503 });
    signal.addEventListener("abort", stopped.resolve);
    await clean.promise;
    throw signal.reason;
  });
  const outcome = stopTheRest("", "/users/1", "/fails");
  await stopped.promise;
  assert.equal(await done(outcome), false);
  clean.resolve(undefined);
  assert.equal(await outcome, "one failed, the rest is stopped");
});

test("without a failure all results come in order", async (t) => {
  for (const wait of [waitForAll, stopTheRest]) {
    const api = await mockApi(t);
    await api.hold("/users/1");
    const names = wait(api.url, "/users/1", "/users/2");
    await api.ended("/users/2");
    await api.saw("GET /users/1");
    assert.equal(await done(names), false);
    await api.release("/users/1");
    assert.equal(await names, "Ada, Grace");
  }
});

test("another failure is an error of the program", async (t) => {
  for (const wait of [waitForAll, stopTheRest]) {
    const api = await mockApi(t);
    await api.drop("/users/1");
    await api.answer("/users/2", { body: "no JSON" });
    await assert.rejects(wait(api.url, "/users/1"), TypeError);
    await assert.rejects(wait(api.url, "/users/2"), SyntaxError);
  }
});

test("every outcome is waited for", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  // No answer at all is a failure, too.
  await api.drop("/users/2");
  const failed = waitForEach(
    api.url,
    "/status/502",
    "/users/1",
    "/users/2",
  );
  await api.saw("GET /users/1");
  await api.ended("/status/502");
  await api.ended("/users/2");
  assert.equal(await done(failed), false);
  await api.release("/users/1");
  assert.equal(await failed, 2);
});

// What the language does, without the program.

async function good() {
  return "Ada";
}

async function fail(text = "no luck") {
  throw new Error(text);
}

test("each outcome says how it ended", async () => {
  const results = await Promise.allSettled([good(), fail()]);
  assert.deepEqual(results, [
    { status: "fulfilled", value: "Ada" },
    { status: "rejected", reason: new Error("no luck") },
  ]);
});

test("the second failure vanishes", async () => {
  const code = `
    import { setTimeout as sleep } from "node:timers/promises";
    async function fail(text, milliseconds) {
      await sleep(milliseconds);
      throw new Error(text);
    }
    for (const late of [0, 10]) {
      try {
        await Promise.all([fail("first", 0), fail("second", late)]);
      } catch (error) {
        console.log(error.message);
      }
      await sleep(20);
    }`;
  assert.deepEqual(await runNode(["-e", code]), {
    code: 0,
    stdout: "first\nfirst\n",
    stderr: "",
  });
});

// JavaScript only: Python has nothing like Promise.any.
test("Promise.any keeps every failure", async () => {
  await assert.rejects(
    Promise.any([fail("first"), fail("second")]),
    (error) => {
      assert(error instanceof AggregateError);
      const message = "AggregateError: All promises were rejected";
      assert.equal(String(error), message);
      const messages = error.errors.map(({ message }) => message);
      assert.deepEqual(messages, ["first", "second"]);
      return true;
    },
  );
  assert.equal(await Promise.any([fail(), good()]), "Ada");
});

// JavaScript only: Python logs the failure, some time later.
test("a failure that nobody awaits ends the process", async () => {
  const late = await runNode([
    "-e",
    `const failed = Promise.reject(new Error("no luck"));
     setTimeout(() => failed.catch(() => console.log("caught")), 5);`,
  ]);
  assert.equal(late.code, 1);
  assert.equal(late.stdout, "");
  assert.match(late.stderr, /^Error: no luck$/m);

  const soon = await runNode([
    "-e",
    `const failed = Promise.reject(new Error("no luck"));
     queueMicrotask(() => failed.catch(() => console.log("caught")));`,
  ]);
  assert.deepEqual(soon, { code: 0, stdout: "caught\n", stderr: "" });

  const heard = await runNode([
    "-e",
    `process.on("unhandledRejection", (error) => {
       console.log("heard:", error.message);
     });
     Promise.reject(new Error("no luck"));
     setTimeout(() => console.log("still here"), 5);`,
  ]);
  const stdout = "heard: no luck\nstill here\n";
  assert.deepEqual(heard, { code: 0, stdout, stderr: "" });

  const text = await runNode(["-e", 'Promise.reject("no luck");']);
  assert.equal(text.code, 1);
  const message =
    "UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). " +
    'The promise rejected with the reason "no luck".';
  assert(text.stderr.includes(message), text.stderr);
  assert.match(text.stderr, /code: 'ERR_UNHANDLED_REJECTION'/);
});

// JavaScript only: a Python task keeps its failure until it is awaited.
test("a handler at the start keeps the process alive", async () => {
  const kept = await runNode([
    "-e",
    `import { setTimeout as sleep } from "node:timers/promises";
     const failed = Promise.reject(new Error("no luck"));
     failed.catch(() => {});
     await sleep(5);
     try {
       await failed;
     } catch (error) {
       console.log("caught", error.message);
     }`,
  ]);
  const stdout = "caught no luck\n";
  assert.deepEqual(kept, { code: 0, stdout, stderr: "" });
});

test("a try catches only what it awaits", async () => {
  async function withAwait() {
    try {
      return await fail();
    } catch {
      return "caught";
    }
  }

  async function withoutAwait() {
    try {
      return fail();
    } catch {
      return "caught";
    }
  }

  assert.equal(await withAwait(), "caught");
  await assert.rejects(withoutAwait(), /no luck/);

  // Outside of a try, the caller gets the same.
  const plain = async () => good();
  const awaiting = async () => await good();
  assert.equal(await plain(), await awaiting());
});

test("nothing to wait for", async () => {
  assert.deepEqual(await Promise.all([]), []);
  assert.deepEqual(await Promise.allSettled([]), []);
  await assert.rejects(Promise.any([]), (error) => {
    assert(error instanceof AggregateError);
    assert.deepEqual(error.errors, []);
    return true;
  });
  // A promise that never settles keeps no process alive.
  const never = await runNode([
    "-e",
    `Promise.race([]).finally(() => console.log("settled"));
     setTimeout(() => console.log("the end"), 20);`,
  ]);
  const stdout = "the end\n";
  assert.deepEqual(never, { code: 0, stdout, stderr: "" });
});

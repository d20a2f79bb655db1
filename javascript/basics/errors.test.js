import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { mockApi, runNode } from "../helpers.js";
import { stopTheRest, waitForAll, waitForEach } from "./errors.js";

async function fail(text = "no luck") {
  throw new Error(text);
}

/** @param {import("../helpers.js").LogEntry[]} log */
function endings(log) {
  return Object.fromEntries(log.map((e) => [e.path, e.ending]));
}

test("the others keep running", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/5");
  assert.equal(await waitForAll(api.url), "HTTP 503");
  await api.saw("GET /users/5");
  assert.deepEqual(endings(await api.log({ settled: false })), {
    "/users/5": null,
    "/status/503": "completed",
  });
  await api.release("/users/5");
  assert.deepEqual(endings(await api.log()), {
    "/users/5": "completed",
    "/status/503": "completed",
  });
});

test("the rest can be stopped", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const outcome = stopTheRest(api.url);
  await api.saw("GET /users/5");
  await api.saw("GET /status/503");
  await api.release("/status/503");
  assert.equal(await outcome, "one failed, the rest is stopped");
  assert.deepEqual(endings(await api.log()), {
    "/users/5": "client hung up",
    "/status/503": "completed",
  });
});

test("every outcome is kept", async (t) => {
  const api = await mockApi(t);
  assert.equal(await waitForEach(api.url), "1 of 2 failed");
  await api.fail("/users/5", [500]);
  assert.equal(await waitForEach(api.url), "2 of 2 failed");
});

test("the second failure vanishes", async () => {
  const code = `
    async function fail(text) { throw new Error(text); }
    try {
      await Promise.all([fail("first"), fail("second")]);
    } catch (error) {
      console.log(error.message);
    }`;
  assert.deepEqual(await runNode(["-e", code]), {
    code: 0,
    stdout: "first\n",
    stderr: "",
  });
});

// JavaScript only: Python has nothing like Promise.any.
test("Promise.any keeps every failure", async () => {
  await assert.rejects(
    Promise.any([fail("first"), fail("second")]),
    (error) => {
      assert(error instanceof AggregateError);
      const messages = error.errors.map(({ message }) => message);
      assert.deepEqual(messages, ["first", "second"]);
      return true;
    },
  );
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

  const text = await runNode(["-e", 'Promise.reject("no luck");']);
  assert.equal(text.code, 1);
  assert.match(
    text.stderr,
    /UnhandledPromiseRejection: This error originated either by throwing/,
  );
  assert.match(text.stderr, /code: 'ERR_UNHANDLED_REJECTION'/);
});

test("a try holds only what it awaits", async () => {
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
});

test("nothing to wait for", async () => {
  assert.deepEqual(await Promise.all([]), []);
  assert.deepEqual(await Promise.allSettled([]), []);
  await assert.rejects(Promise.any([]), AggregateError);
  const pending = turn("still pending");
  const first = await Promise.race([Promise.race([]), pending]);
  assert.equal(first, "still pending");
});

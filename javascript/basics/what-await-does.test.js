import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, running } from "../helpers.js";
import {
  awaitTwice,
  getCached,
  getMessage,
  main,
  othersRun,
} from "./what-await-does.js";

const HELLO = "Hello from the mock API";

test("everything is reported", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Do others run while this function awaits\n" +
      "- a request? yes\n" +
      "- a cached answer? yes\n" +
      "- a pause of 0? yes\n" +
      "Await the number 1: gives 1\n" +
      "Await twice: the same\n",
  );
});

test("only the function that awaits is suspended", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const program = running(() => main(api.url));
  // main waits for the held answer; this function does not.
  await api.saw("GET /data");
  assert.equal(program.lines.length, 1);
  await api.release("/data");
  await program.done;
  assert.equal(program.lines[1], "- a request? yes");
});

// JavaScript only: a Python await that need not wait just goes on.
test("every await lets what is ready run, but no timer", async () => {
  let fired = false;
  const timer = setTimeout(() => {
    fired = true;
  }, 0);
  for (const value of [getCached(), Promise.resolve("already"), 1]) {
    assert.equal(await othersRun(value), "yes");
  }
  assert.equal(fired, false);
  clearTimeout(timer);
});

// JavaScript only: Python raises a TypeError.
test("awaiting any value gives it back", async () => {
  for (const value of [1, "text", null, undefined]) {
    assert.equal(await value, value);
  }
});

test("an object of our own can be awaited", async () => {
  const answer = {
    /** @param {(value: number) => void} resolve */
    // biome-ignore lint/suspicious/noThenProperty: what is tested here
    then(resolve) {
      queueMicrotask(() => resolve(42));
    },
  };
  assert.equal(await answer, 42);
});

test("what runs already can be awaited again", async (t) => {
  const api = await mockApi(t);
  const message = getMessage(api.url);
  assert.equal(await awaitTwice(message), "the same");
  assert.equal(await message, HELLO);
  assert.equal((await api.log()).length, 1);
});

test("await outside an async function is a syntax error", async () => {
  const script = () => new Function("await answer");
  assert.throws(script, {
    name: "SyntaxError",
    message: /^await is only valid in async functions/,
  });
  const module = "data:text/javascript,() => { await answer }";
  await assert.rejects(import(module), {
    name: "SyntaxError",
    message: "Unexpected reserved word",
  });
});

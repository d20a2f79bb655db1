import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { limited, mockApi, runNode, running } from "../helpers.js";
import { forgotten, late, lookedAfter, main } from "./unhandled.js";

/**
 * The test runner has a handler for the whole process, which would fail the
 * test. Until the test ends there is none.
 * @param {import("node:test").TestContext} t
 */
function withoutHandler(t) {
  const theirs = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  t.after(() => {
    process.removeAllListeners("unhandledRejection");
    process.removeAllListeners("rejectionHandled");
    for (const one of theirs) process.on("unhandledRejection", one);
  });
}

/**
 * What a handler for the whole process hears from now on.
 * @param {import("node:test").TestContext} t
 */
function listen(t) {
  withoutHandler(t);
  /** @type {string[]} */
  const heard = [];
  process.on("unhandledRejection", (/** @type {Error} */ error) => {
    heard.push(error.message);
  });
  process.on("rejectionHandled", () => heard.push("handled later"));
  return heard;
}

/** One turn of the loop: what the microtasks leave is reported by then. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("the program tells three cases apart", async (t) => {
  withoutHandler(t);
  const api = await mockApi(t);
  await api.hold("/users/*");
  const program = running(() => main(api.url));
  await program.prints("Nobody handled: HTTP 500\n");
  await api.release("/users/3");
  await program.prints("Nobody handled: HTTP 502\n");
  await api.release("/users/*");
  await program.done;
  assert.equal(
    program.output,
    "Nobody handled: HTTP 500\n" +
      "Forgotten: Alan\n" +
      "Nobody handled: HTTP 502\n" +
      "Late: caught HTTP 502\n" +
      "Handled later\n" +
      "Looked after: caught HTTP 503\n",
  );
});

test("when a forgotten failure is reported", async (t) => {
  withoutHandler(t);
  const api = await mockApi(t);
  await api.hold("/users/3");
  const program = running(() => main(api.url));
  // The function has not returned: it still holds the promise.
  await program.prints("Nobody handled: HTTP 500\n");
  const log = await api.log({ settled: false });
  const user = log.find(({ path }) => path === "/users/3");
  assert.equal(user?.ending, null);
  assert.equal(program.lines.length, 1);
  await api.release("/users/3");
  await program.done;
});

test("a late await gets the failure", async (t) => {
  const heard = listen(t);
  const api = await mockApi(t);
  await api.hold("/users/4");
  const reported = once(process, "unhandledRejection");
  const waiting = late(api.url);
  await limited(reported, () => "not reported: HTTP 502");
  await api.release("/users/4");
  assert.equal(await waiting, "caught HTTP 502");
  await turn();
  assert.deepEqual(heard, ["HTTP 502", "handled later"]);
  assert.equal((await api.endings())["/users/4"], "completed");
});

test("what is looked after is not reported", async (t) => {
  const heard = listen(t);
  const api = await mockApi(t);
  await api.hold("/users/5");
  const waiting = lookedAfter(api.url);
  await api.ended("/status/503");
  await api.release("/users/5");
  assert.equal(await waiting, "caught HTTP 503");
  await turn();
  assert.deepEqual(heard, []);
  // Nothing stops the rest.
  assert.deepEqual(await api.endings(), {
    "/status/503": "completed",
    "/users/5": "completed",
  });
});

test("without a failure the news arrives", async (t) => {
  const heard = listen(t);
  const api = await mockApi(t);
  for (const status of [500, 502, 503]) {
    const body = '{"name": "good news"}';
    await api.answer(`/status/${status}`, { body });
  }
  assert.equal(await late(api.url), "Edsger, good news");
  assert.equal(await lookedAfter(api.url), "Barbara, good news");
  assert.equal(await forgotten(api.url), "Alan");
  await api.answer("/users/3", { body: '{"name": "Ada"}' });
  assert.equal(await forgotten(api.url), "Ada, good news");
  assert.deepEqual(heard, []);
});

test("another failure is passed on", async (t) => {
  const api = await mockApi(t);
  for (const status of [502, 503]) {
    const body = '{"name": "good news"}';
    await api.answer(`/status/${status}`, { body });
  }
  await api.drop("/users/4");
  await assert.rejects(late(api.url), /fetch failed/);
  await api.drop("/users/5");
  await assert.rejects(lookedAfter(api.url), /fetch failed/);
});

// What the language does, without the program.

test("what a forgotten failure ends", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/4");
  // The same function, in a process without a handler.
  const source = `
    import { late } from "./failures/unhandled.js";
    process.on("exit", (code) => console.log("exit", code));
    try {
      await late(process.env.API_URL);
    } finally {
      console.log("cleaned up");
    }`;
  const args = ["--input-type=module", "--eval", source];
  const ended = await runNode(args, { API_URL: api.url });
  assert.equal(ended.code, 1);
  // No finally runs, and the other request is given up.
  assert.equal(ended.stdout, "exit 1\n");
  assert.match(ended.stderr, /HttpError: HTTP 502/);
  await api.ended("/users/4");
  assert.equal((await api.endings())["/users/4"], "client hung up");
});

// JavaScript only: Python has no such modes.
test("a mode lets the process live", async () => {
  const source = `
    const failed = Promise.reject(new Error("no luck"));
    setImmediate(() => failed.catch(() => console.log("caught")));`;
  const mode = "--unhandled-rejections=warn";
  const ended = await runNode([mode, "--eval", source]);
  assert.deepEqual([ended.code, ended.stdout], [0, "caught\n"]);
  for (const message of [
    "UnhandledPromiseRejectionWarning: Error: no luck",
    "PromiseRejectionHandledWarning: Promise rejection was handled asynchronously (rejection id: 1)",
  ]) {
    assert(ended.stderr.includes(message), ended.stderr);
  }
});

// JavaScript only: a Python task keeps its failure until it is awaited.
test("a list is handled from the start or too late", async (t) => {
  const heard = listen(t);
  /** @type {PromiseWithResolvers<void>} */
  const slow = Promise.withResolvers();
  const fail = () => Promise.reject(new Error("no luck"));

  async function oneByOne() {
    const all = [slow.promise, fail()];
    try {
      for (const one of all) await one;
    } catch (error) {
      return `caught ${error.message}`;
    }
  }

  async function together() {
    const all = [slow.promise, fail()];
    try {
      await Promise.all(all);
    } catch (error) {
      return `caught ${error.message}`;
    }
  }

  assert.equal(await together(), "caught no luck");
  await turn();
  assert.deepEqual(heard, []);
  const waiting = oneByOne();
  await turn();
  assert.deepEqual(heard, ["no luck"]);
  slow.resolve();
  assert.equal(await waiting, "caught no luck");
  await turn();
  assert.deepEqual(heard, ["no luck", "handled later"]);
});

// JavaScript only: a task has no promises that come from it.
test("then and finally make another promise", async (t) => {
  const heard = listen(t);
  const failed = Promise.reject(new Error("no luck"));
  failed.catch(() => {});
  await turn();
  assert.deepEqual(heard, []);
  void failed.finally(() => {});
  void failed.then(() => {});
  await turn();
  assert.deepEqual(heard, ["no luck", "no luck"]);
  failed.finally(() => {}).catch(() => {});
  failed.then(
    () => {},
    () => {},
  );
  await turn();
  assert.equal(heard.length, 2);
});

test("cancelled work that nobody awaits", async (t) => {
  const heard = listen(t);
  const api = await mockApi(t);
  await api.hold("/posts");
  const stop = new AbortController();
  const { signal } = stop;
  void fetch(`${api.url}/posts`, { signal });
  await api.saw("GET /posts");
  stop.abort();
  await turn();
  assert.deepEqual(heard, ["This operation was aborted"]);

  // With a handler from before, nothing is reported.
  const again = new AbortController();
  fetch(`${api.url}/posts`, { signal: again.signal }).catch(() => {});
  await api.saw("GET /posts", 2);
  again.abort();
  await turn();
  assert.equal(heard.length, 1);
});

test("what the handler of the program hears", async () => {
  const source = `
    process.on("unhandledRejection", (error) => {
      console.log("rejected:", error.message);
    });
    // It only looks on: the process ends as if it were not there.
    process.on("uncaughtExceptionMonitor", (error, origin) => {
      console.log(origin + ":", error.message);
    });
    Promise.reject(new Error("a promise"));
    setTimeout(() => { throw new Error("a timer"); });
    // As long, and begun later: it would come next.
    setTimeout(() => console.log("still here"));`;
  const ended = await runNode(["--eval", source]);
  assert.equal(ended.code, 1);
  assert.equal(
    ended.stdout,
    "rejected: a promise\nuncaughtException: a timer\n",
  );

  const monitored = await runNode([
    "--eval",
    `process.on("uncaughtExceptionMonitor", (error, origin) => {
       console.log(origin + ":", error.message);
     });
     Promise.reject(new Error("a promise"));`,
  ]);
  assert.equal(monitored.code, 1);
  assert.equal(monitored.stdout, "unhandledRejection: a promise\n");
});

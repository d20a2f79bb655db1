import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { test } from "node:test";

import {
  clock,
  limited,
  mockApi,
  printed,
  runNode,
  running,
  serving,
} from "../helpers.js";
import { main, run } from "./graceful-shutdown.js";

const JOBS = [1, 2, 3, 4, 5].map((n) => `/users/${n}`);
// The worker in a process of its own, as one runs it. It prints a
// number first, as a server does its port.
const WORKER = `
import { run } from "./failures/graceful-shutdown.js";
const jobs = [1, 2, 3, 4, 5].map((n) => "/users/" + n);
console.log(0);
await run(process.env.API_URL, new Set(jobs));
const alive = process.getActiveResourcesInfo();
console.log("Waits for a timer:", alive.includes("Timeout"));
`;

/** @param {NodeJS.Signals} signal */
function tell(signal) {
  process.emit(signal, signal);
}

test("the program stops in the middle of three jobs", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const time = clock(t);
  const program = running(() => main(api.url));
  let over = false;
  program.done.then(
    () => {
      over = true;
    },
    () => {},
  );
  for (const user of [4, 5, 3]) await api.saw(`GET /users/${user}`);
  await time.advance(100);
  await program.prints("SIGTERM: no new jobs\n");
  await api.release("/users/4");
  await program.prints("Done: Edsger\n");
  await api.release("/users/5");
  await program.prints("Done: Barbara\n");
  assert(!over);
  await time.advance(1000);
  await api.ended("/users/3");
  await program.done;
  assert.equal(
    program.output,
    "SIGTERM: no new jobs\n" +
      "Done: Edsger\n" +
      "Done: Barbara\n" +
      "Not done: /users/3?delay=30 /users/1\n",
  );
  // Nobody has begun the fourth job.
  assert.deepEqual(await api.endings(), {
    "/users/4": "completed",
    "/users/5": "completed",
    "/users/3": "client hung up",
  });
});

test("the limit is one second", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const time = clock(t);
  const program = running(() => run(api.url, new Set(JOBS)));
  await api.saw("GET /users/*", 3);
  tell("SIGTERM");
  await time.advance(999);
  // The other signal gives the jobs no more time.
  tell("SIGINT");
  const log = await api.log({ settled: false });
  assert.deepEqual(
    log.map((entry) => entry.ending),
    [null, null, null],
  );
  await time.advance(1);
  await api.ended("/users/*", 3);
  await program.done;
  const endings = Object.values(await api.endings());
  assert.deepEqual(new Set(endings), new Set(["client hung up"]));
  assert.deepEqual(program.lines, [
    "SIGTERM: no new jobs",
    "SIGINT: no new jobs",
    `Not done: ${JOBS.join(" ")}`,
  ]);
});

test("a failure at the limit is not lost", async (t) => {
  const time = clock(t);
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    await once(signal, "abort");
    // The others end because of the limit, and end before it.
    if (url === "/users/1") throw signal.reason;
    throw new TypeError("fetch failed");
  });
  const program = running(() => run("", new Set(JOBS)));
  tell("SIGTERM");
  await time.advance(1000);
  await assert.rejects(program.done, { message: "fetch failed" });
});

test("the end does not wait for the limit", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  // The clock stands still, and all jobs under way are done.
  clock(t);
  const program = running(() => run(api.url, new Set(JOBS)));
  await api.saw("GET /users/*", 3);
  tell("SIGINT");
  await api.release("/users/*");
  await program.done;
  assert.deepEqual(program.lines.slice(1, 4).sort(), [
    "Done: Ada",
    "Done: Alan",
    "Done: Grace",
  ]);
  assert.deepEqual(program.lines.slice(4), [
    "Not done: /users/4 /users/5",
  ]);
  assert.equal((await api.log()).length, 3);
});

test("without a signal every job is done", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const program = running(() => run(api.url, new Set(JOBS)));
  await api.saw("GET /users/*", 3);
  // A fourth job would be there before this request.
  await (await fetch(`${api.url}/data`)).text();
  const log = await api.log({ settled: false });
  assert.deepEqual(
    log.slice(3).map((entry) => entry.path),
    ["/data"],
  );
  await api.release("/users/*");
  await program.done;
  assert.equal(program.lines.length, 6);
  assert.equal(program.lines[5].trim(), "Not done:");
  assert.equal((await api.log()).length, 6);
});

test("a failed job stops the others", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  await api.fail("/users/2", [503]);
  const program = running(() => run(api.url, new Set(JOBS)));
  await api.saw("GET /users/*", 3);
  await api.release("/users/2");
  await assert.rejects(program.done, /HTTP 503/);
  assert.deepEqual(program.lines, [`Not done: ${JOBS.join(" ")}`]);
  assert.deepEqual(await api.endings(), {
    "/users/1": "client hung up",
    "/users/2": "completed",
    "/users/3": "client hung up",
  });
});

// JavaScript only: in Python the task group waits for them.
test("after a failure the list comes last", async (t) => {
  const late = Promise.withResolvers();
  t.mock.method(
    globalThis,
    "fetch",
    async (/** @type {string} */ url) => {
      if (url === "/users/2")
        return new Response(null, { status: 503 });
      // It ends in spite of the abort: it was too late to stop it.
      await late.promise;
      return Response.json({ name: "Ada" });
    },
  );
  const program = running(() => run("", new Set(JOBS.slice(0, 2))));
  setImmediate(late.resolve);
  await assert.rejects(program.done, /HTTP 503/);
  assert.deepEqual(program.lines, ["Done: Ada", "Not done: /users/2"]);
});

test("the handlers are put back", async (t) => {
  const api = await mockApi(t);
  const listeners = () =>
    ["SIGINT", "SIGTERM"].map((name) => process.listenerCount(name));
  await api.hold("/users/*");
  const program = running(() => run(api.url, new Set(JOBS)));
  await api.saw("GET /users/*", 3);
  assert.deepEqual(listeners(), [1, 1]);
  // The other one still listens.
  tell("SIGTERM");
  assert.deepEqual(listeners(), [1, 0]);
  await api.release("/users/*");
  await program.done;
  assert.deepEqual(listeners(), [0, 0]);
  await printed(() => run(api.url, new Set(JOBS)));
  assert.deepEqual(listeners(), [0, 0]);
  await api.fail("/users/1", [503]);
  await assert.rejects(printed(() => run(api.url, new Set(JOBS))));
  assert.deepEqual(listeners(), [0, 0]);
});

/**
 * The next line of a worker.
 * @param {AsyncIterator<string>} lines
 */
async function told(lines) {
  const late = () => "the worker has not printed a line";
  return (await limited(lines.next(), late)).value;
}

/** @param {import("node:child_process").ChildProcess} process */
function linesOf(process) {
  const input = /** @type {import("node:stream").Readable} */ (
    process.stdout
  );
  return createInterface({ input })[Symbol.asyncIterator]();
}

test("both signals let the jobs finish", async (t) => {
  if (process.platform === "win32") return; // it cannot send them
  const api = await mockApi(t);
  const env = { API_URL: api.url };
  for (const [n, signal] of ["SIGTERM", "SIGINT"].entries()) {
    await api.hold("/users/*");
    const worker = await serving("javascript", WORKER, env);
    const ended = once(worker.process, "exit");
    const lines = linesOf(worker.process);
    await api.saw("GET /users/*", 3 * (n + 1));
    worker.process.kill(/** @type {NodeJS.Signals} */ (signal));
    assert.equal(await told(lines), `${signal}: no new jobs`);
    await api.release("/users/*");
    for (let job = 0; job < 3; job++) await told(lines);
    assert.equal(await told(lines), "Not done: /users/4 /users/5");
    // The timer of the limit does not hold up the end.
    assert.equal(await told(lines), "Waits for a timer: false");
    assert.deepEqual(await ended, [0, null]);
  }
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => entry.ending),
    Array(6).fill("completed"),
  );
});

test("the same signal again ends it at once", async (t) => {
  if (process.platform === "win32") return; // it cannot send it
  const api = await mockApi(t);
  await api.hold("/users/*");
  const env = { API_URL: api.url };
  const worker = await serving("javascript", WORKER, env);
  const ended = once(worker.process, "exit");
  const lines = linesOf(worker.process);
  await api.saw("GET /users/*", 3);
  worker.process.kill("SIGTERM");
  assert.equal(await told(lines), "SIGTERM: no new jobs");
  worker.process.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  // Nothing has been cleaned up.
  assert.equal(await told(lines), undefined);
  await api.ended("/users/*", 3);
  const endings = Object.values(await api.endings());
  assert.deepEqual(new Set(endings), new Set(["client hung up"]));
});

// What the language does, without the program.

/** @param {string} source a program that ends by itself */
async function ended(source) {
  return await runNode(["--input-type=module", "--eval", source]);
}

test("a handler takes the default end away", async () => {
  if (process.platform === "win32") return; // kill ends it there
  const { code, stdout } = await ended(`
    import { once } from "node:events";
    const keep = setTimeout(() => {}, 2 ** 30);
    process.once("SIGTERM", () => console.log("handler"));
    process.kill(process.pid, "SIGTERM");
    console.log("next line");
    await once(process, "SIGTERM");
    clearTimeout(keep);`);
  assert.equal(stdout, "next line\nhandler\n");
  assert.equal(code, 0);
});

test("a busy loop and a second signal", async () => {
  if (process.platform === "win32") return; // kill ends it there
  const { code, stdout } = await ended(`
    import { once } from "node:events";
    import timers from "node:timers/promises";
    const keep = setTimeout(() => {}, 2 ** 30);
    process.once("SIGTERM", () => console.log("handler"));
    process.kill(process.pid, "SIGTERM");
    console.log("busy");
    process.kill(process.pid, "SIGTERM");
    console.log("still busy");
    await once(process, "SIGTERM");
    await timers.setImmediate();
    clearTimeout(keep);`);
  assert.equal(stdout, "busy\nstill busy\nhandler\n");
  assert.equal(code, 0);
});

test("SIGTERM without a handler runs no finally", async () => {
  if (process.platform === "win32") return; // it has no such codes
  // Ctrl+C is no exception here.
  for (const signal of ["SIGTERM", "SIGINT"]) {
    const program = `
      console.log(0);
      try {
        await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
      } finally {
        console.log("cleaned up");
      }`;
    const worker = await serving("javascript", program);
    const lines = linesOf(worker.process);
    const ended = once(worker.process, "exit");
    worker.process.kill(/** @type {NodeJS.Signals} */ (signal));
    assert.equal(await told(lines), undefined);
    assert.deepEqual(await ended, [null, signal]);
  }
});

// JavaScript only: asyncio goes on until main ends.
test("a listener keeps nothing alive", async () => {
  const { code, stderr } = await ended(`
    import { once } from "node:events";
    await once(process, "SIGTERM");`);
  const said = "Warning: Detected unsettled top-level await at";
  assert(stderr.includes(said));
  assert.equal(code, 13);
});

// JavaScript only: a Python thread may not set a handler.
test("a worker hears no signal", async () => {
  if (process.platform === "win32") return; // kill ends it there
  const { code, stdout } = await ended(`
    import { once } from "node:events";
    import { Worker } from "node:worker_threads";
    const source = \`
      import { parentPort } from "node:worker_threads";
      process.on("SIGTERM", () => parentPort.postMessage("heard"));
      parentPort.on("message", () => parentPort.postMessage("asked"));
      parentPort.postMessage("ready");\`;
    const worker = new Worker(source, { eval: true });
    await once(worker, "message");
    const here = once(process, "SIGTERM");
    process.kill(process.pid, "SIGTERM");
    await here;
    worker.postMessage("anything?");
    console.log((await once(worker, "message"))[0]);
    await worker.terminate();`);
  assert.equal(stdout, "asked\n");
  assert.equal(code, 0);
});

test("the exit code can say which signal it was", async () => {
  if (process.platform === "win32") return; // it has no such codes
  const program = `
    import { once } from "node:events";
    const stop = once(process, "SIGTERM");
    const keep = setTimeout(() => {}, 2 ** 30);
    console.log(0);
    const [stoppedBy] = await stop;
    clearTimeout(keep);
    console.log("cleaned up");
    process.kill(process.pid, stoppedBy);
  `;
  const worker = await serving("javascript", program);
  const lines = linesOf(worker.process);
  const ended = once(worker.process, "exit");
  worker.process.kill("SIGTERM");
  assert.equal(await told(lines), "cleaned up");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
});

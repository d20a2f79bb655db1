// What the tests of the JavaScript programs share.
// python/helpers.py and mock_api/client.py say the same words.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { afterEach, before } from "node:test";
import timers from "node:timers/promises";
import { install } from "@sinonjs/fake-timers";

// Real time, even where a test has stopped the clock.
const { setTimeout: sleep, setImmediate: turn } = timers;
const { setTimeout, clearTimeout } = globalThis;

const ROOT = join(import.meta.dirname, "..");
// Milliseconds until a wait is called a failure. Who breaks a program to see
// its tests fail sets fewer seconds.
const LIMIT = 1000 * Number(process.env.TEST_LIMIT ?? 30);
const SERVER =
  process.env.API_URL ??
  (await start("mock_api", "--port", "0", "--lifeline"));

new Response(); // makes Node load `fetch`
// Where that keeps its connections: in Node 26; in Node 24.
const [CONNECTIONS] = [2, 1]
  .map((version) => Symbol.for(`undici.globalDispatcher.${version}`))
  .filter((symbol) => symbol in globalThis);

/**
 * One request as the API saw it. Times are seconds since the scenario began.
 * @typedef {object} LogEntry
 * @property {number} request 1, 2, 3 … in order of arrival
 * @property {string} method
 * @property {string} path without the scenario's prefix
 * @property {string} query
 * @property {number} inFlight how many were in flight then, itself included
 * @property {number | null} status
 * @property {"completed" | "client hung up" | "dropped" | "held too long"
 *   | null} ending
 * @property {number} started
 * @property {number | null} ended
 * @property {number} startedEvent place in the scenario's order of events
 * @property {number | null} endedEvent
 */

/**
 * A scenario of the test's own that answers at once unless told otherwise.
 * In every rule `path` may hold `*`, and a method may stand in front of it:
 * "/posts/*", "GET *". A rule that the API refuses rejects with what the API
 * says was wrong. `fetch` has no open connection yet: the helpers use none of
 * its connections.
 * @param {import("node:test").TestContext} t
 */
export async function mockApi(t) {
  withoutConnection(t);
  const { url, control } = await ask("POST", `${SERVER}/scenarios`, {
    delays: false,
    limit: (2 / 3) * (LIMIT / 1000), // the API says more than we could
  });
  restore.push(async () => {
    const log = await ask("GET", `${control}log?settled=false`);
    for (const { method, path, ending } of log) {
      // When we give a request up, the API hears of it a little later.
      const here = [...asking].some((asked) =>
        asked.path.includes(path),
      );
      if (here && !ending) forgotten.push(`${method} ${path}`);
    }
    await ask("DELETE", control); // releases what is held
  });
  /** @param {string} rule @param {object} values */
  const set = async (rule, values) => {
    await ask("POST", control + rule, values);
  };
  /**
   * The requests so far, in order of arrival; by default only once none is
   * in flight any more.
   * @returns {Promise<LogEntry[]>}
   */
  const log = async ({ settled = true } = {}) => {
    const entries = await ask(
      "GET",
      `${control}log?settled=${settled}`,
    );
    return entries.map(camelCased);
  };
  return {
    /** The base URL to give to the program. @type {string} */
    url,
    /** Keep the responses of `path` back until `release`. @param {string} path */
    hold: (path) => set("hold", { path }),
    /** Let the held responses go, those to come too. @param {string} path */
    release: (path) => set("release", { path }),
    /**
     * Wait until `request` ("GET /posts") has arrived `times` times.
     * @param {string} request
     */
    saw: (request, times = 1) => set("saw", { request, times }),
    /**
     * Wait until `times` such requests have been answered, given up or dropped.
     * @param {string} request
     */
    ended: (request, times = 1) => set("ended", { request, times }),
    /**
     * Answer `path` only once `n` such requests are in flight together.
     * @param {string} path
     * @param {number} n
     */
    rendezvous: (path, n) => set("rendezvous", { path, n }),
    /**
     * Answer the next requests of `path` with `statuses`, one each.
     * @param {string} path
     * @param {number[]} statuses
     */
    fail: (path, statuses) => set("fail", { path, statuses }),
    /**
     * Answer `path` from now on with a status, headers and body of your
     * choice. After `cut` bytes of the body the API closes the connection,
     * although Content-Length promises all of them.
     * @param {string} path
     * @param {{ status?: number, headers?: Record<string, string>,
     *   body?: string, cut?: number }} chosen
     */
    answer: (path, chosen) => set("answer", { path, ...chosen }),
    /** Close the connection without an answer. @param {string} path */
    drop: (path) => set("drop", { path }),
    /**
     * Let `path` take this many seconds, whatever a request asks for.
     * @param {string} path
     * @param {number} seconds
     */
    delay: (path, seconds) => set("delay", { path, seconds }),
    log,
    /**
     * How the request of each path has ended; of several the last one counts.
     * @param {{ settled?: boolean }} options as for `log`
     * @returns {Promise<Record<string, LogEntry["ending"]>>}
     */
    endings: async (options = {}) =>
      Object.fromEntries(
        (await log(options)).map((entry) => [entry.path, entry.ending]),
      ),
  };
}

/**
 * Whether it has settled by now; a turn of the event loop is enough for
 * what needs no answer.
 * @param {Promise<unknown>} promise
 */
export async function done(promise) {
  return (await Promise.race([promise, turn(turn)])) !== turn;
}

/**
 * The reasons of what rejects from now on and nobody handles. Until then it
 * would fail the test.
 * @param {import("node:test").TestContext} t
 */
export function reported(t) {
  /** @type {unknown[]} */
  const reasons = [];
  const report = (/** @type {unknown} */ reason) =>
    reasons.push(reason);
  process.on("unhandledRejection", report);
  t.after(() => process.off("unhandledRejection", report));
  return reasons;
}

/** How many timers would keep the process alive. */
export const openTimers = () =>
  process.getActiveResourcesInfo().filter((name) => name === "Timeout")
    .length;

/**
 * From here to the end of the test `fetch` uses connections of its own: none
 * is open yet. `mockApi` calls it.
 * @param {import("node:test").TestContext} t
 */
export function withoutConnection(t) {
  const before = globalThis[CONNECTIONS];
  const fresh = new before.constructor();
  globalThis[CONNECTIONS] = fresh;
  t.after(async () => {
    globalThis[CONNECTIONS] = before;
    await fresh.destroy();
  });
}

/**
 * Stop the clock until the test ends: what `setTimeout`, `setInterval` and
 * `AbortSignal.timeout` count from now on, however the program has imported
 * them. Dates, sockets, threads and processes go on.
 * @param {import("node:test").TestContext} t
 */
export function clock(t) {
  const fake = install({
    toFake: [
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
    ],
  });
  t.mock.method(AbortSignal, "timeout", abortAfter);
  // For `import { setTimeout } from "node:timers/promises"` as well.
  syncBuiltinESMExports();
  restore.push(() => {
    fake.uninstall();
    syncBuiltinESMExports();
  });
  return {
    /**
     * Move the clock on, and let all that is due by then run, in order. It
     * stops at every timer on the way, so that what starts there counts from
     * there. What rejects on the way needs its handler before.
     * @param {number} milliseconds
     */
    advance: async (milliseconds) => {
      await fake.tickAsync(milliseconds);
    },
  };
}

/**
 * Move the stopped clock on until `asking` has settled; by how many
 * milliseconds? The API has its time to answer after each step.
 * @param {Promise<unknown>} asking
 * @param {Awaited<ReturnType<typeof mockApi>>} api
 * @param {ReturnType<typeof clock>} time
 */
export async function finished(asking, api, time) {
  let settled = false;
  let moved = 0;
  const end = () => {
    settled = true;
  };
  asking.then(end, end);
  while (!settled) {
    await time.advance(100);
    moved += 100;
    await api.log();
  }
  return moved;
}

/**
 * Run a program beside the test. `prints` waits for a text in its output,
 * `done` settles with the program; what it prints is kept until the test ends.
 * @param {() => Promise<unknown>} main
 */
export function running(main) {
  const news = new EventEmitter();
  const write = process.stdout.write;
  // The test runner reports through the same stream, but never in strings.
  process.stdout.write = /** @type {typeof write} */ (
    (chunk, ...rest) => {
      if (typeof chunk !== "string") {
        return write.call(process.stdout, chunk, ...rest);
      }
      program.output += chunk;
      news.emit("printed");
      return true;
    }
  );
  restore.push(() => {
    process.stdout.write = write;
  });
  const program = {
    output: "",
    get lines() {
      return this.output.split("\n").slice(0, -1);
    },
    get done() {
      return limited(
        ended,
        () => `not ended, printed:\n${this.output}`,
      );
    },
    /** @param {string} text */
    async prints(text) {
      // Not only until `done`: what nobody awaits may print later.
      const printed = async () => {
        while (!this.output.includes(text)) await once(news, "printed");
      };
      const only = () => `not printed: ${text}, only:\n${this.output}`;
      await limited(printed(), only);
    },
  };
  const ended = main();
  ended.catch(() => {}); // the test awaits it, perhaps later
  return program;
}

/**
 * Run a program to its end and return all that it printed.
 * @param {() => Promise<unknown>} main
 */
export async function printed(main) {
  const program = running(main);
  await program.done;
  return program.output;
}

/**
 * Run this Node with `args` in a process of its own, to its end. It runs in
 * the folder javascript/. Where it takes too long, it is killed, and this
 * rejects.
 * @param {string[]} args
 * @param {Record<string, string>} [env] added to the environment
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>} the
 *   code is NaN where a signal has ended it
 */
export function runNode(args, env = {}) {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const options = {
    cwd: join(ROOT, "javascript"),
    env: { ...inherited, NODE_OPTIONS: "", ...env },
    timeout: 2 * LIMIT, // a whole program does more than one step of it
    killSignal: /** @type {const} */ ("SIGKILL"),
  };
  return new Promise((resolve, reject) => {
    const finish = (
      /** @type {import("node:child_process").ExecFileException | null} */ error,
      /** @type {string} */ stdout,
      /** @type {string} */ stderr,
    ) => {
      if (error?.killed) {
        const command = `node ${args.join(" ")}`;
        const printed = stdout + stderr;
        reject(
          new Error(`not ended: ${command}, printed:\n${printed}`),
        );
      }
      // Ended by a signal, it has no exit code. Rejected, it ignores this.
      const code = error ? Number(error.code ?? Number.NaN) : 0;
      resolve({ code, stdout, stderr });
    };
    execFile(process.execPath, args, options, finish);
  });
}

/**
 * Run a server in a process of its own, until the test ends. It ends, too,
 * when we end, however that happens.
 * @param {"python" | "javascript"} language
 * @param {string} source a program that runs in the folder of that name; the
 *   first line it prints is its port
 * @param {Record<string, string>} [env] added to the environment
 */
export async function serving(language, source, env = {}) {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const lifeline = {
    python: "from mock_api.lifeline import end_with_owner as _; _()\n",
    javascript: "--require=./tools/lifeline.js",
  };
  const inJavaScript = [
    lifeline.javascript,
    "--input-type=module",
    "--eval",
  ];
  const [command, ...args] = {
    python: () => [python(), "-c", lifeline.python + source],
    javascript: () => [process.execPath, ...inJavaScript, source],
  }[language]();
  const server = spawn(command, args, {
    cwd: join(ROOT, language),
    env: { ...inherited, NODE_OPTIONS: "", PYTHONUTF8: "1", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  restore.push(() => server.kill("SIGKILL"));
  const port = await firstLine(server, "The server");
  return { port: Number(port), process: server };
}

/** @type {string | Promise<string> | undefined} */
let database = process.env.DATABASE_URL;

/** The URL of a PostgreSQL for all tests of this file that ask for it. */
export async function databaseUrl() {
  database ??= start("tools.database");
  return database;
}

/**
 * Settle as `promise` does, or fail where that takes too long, even while a
 * test has stopped the clock.
 * @template T
 * @param {Promise<T>} promise
 * @param {() => string} problem what has not come, and what has
 * @returns {Promise<T>}
 */
export async function limited(promise, problem) {
  const late = Promise.withResolvers();
  const fail = () =>
    late.reject(new Error(`After ${LIMIT / 1000} s: ${problem()}`));
  const timer = setTimeout(fail, LIMIT);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

// What surrounds every test.

/** @type {(() => unknown)[]} what to do after the test, the last first */
const restore = [];
/** @type {Error[]} */
const warnings = [];
/** @type {Set<{ path: string }>} what `fetch` has sent, not answered yet */
const asking = new Set();
/** @type {string[]} what a test left in flight */
const forgotten = [];
/** @type {string[]} what the test runner itself keeps open */
let idle;

process.on("warning", (warning) => warnings.push(warning));
/** @type {(message: any) => void} */
const answered = ({ request }) => asking.delete(request);
/** @type {(message: any) => void} */
const sent = ({ request }) => asking.add(request);
subscribe("undici:request:create", sent);
subscribe("undici:request:headers", answered);
subscribe("undici:request:error", answered);

before(() => {
  idle = process.getActiveResourcesInfo();
});

// A warning, a request in flight, and whatever would keep the process alive
// fails the test. What `t.after` would close is closed later: use `using`.
afterEach(async (t) => {
  for (const undo of restore.splice(0).reverse()) await undo();
  const warned = warnings.splice(0);
  const inFlight = forgotten.splice(0);
  if (!("passed" in t && t.passed)) return; // it has failed already
  assert.deepEqual(warned, []);
  assert.deepEqual(inFlight, [], "in flight after the test");
  // What a finished request leaves behind closes within a few turns.
  const limit = performance.now() + LIMIT;
  while (leftOpen().length > 0 && performance.now() < limit) {
    await sleep(1);
  }
  assert.deepEqual(leftOpen(), [], "left open by the test");
});

function leftOpen() {
  const open = process.getActiveResourcesInfo();
  for (const name of idle) {
    if (open.includes(name)) open.splice(open.indexOf(name), 1);
  }
  return open;
}

// How the helpers do it.

/**
 * Ask the API, with no connection that `fetch` would use.
 * @param {string} method
 * @param {string} url
 * @param {object} [body] sent as JSON
 * @returns {Promise<any>}
 */
async function ask(method, url, body) {
  const headers = { "Content-Type": "application/json" };
  const sending = request(url, { method, headers, agent: false });
  sending.end(body && JSON.stringify(body));
  const answered = once(sending, "response");
  const silent = () => `no answer of the mock API to ${method} ${url}`;
  const [response] = await limited(answered, silent);
  const answer = JSON.parse((await text(response)) || "null");
  if (response.statusCode < 400) return answer;
  throw new Error(`${answer.title}: ${answer.detail}`);
}

/**
 * `AbortSignal.timeout`, by the timers of the moment.
 * @param {number} milliseconds
 */
function abortAfter(milliseconds) {
  const controller = new AbortController();
  const message = "The operation was aborted due to timeout";
  const reason = new DOMException(message, "TimeoutError");
  globalThis.setTimeout(() => controller.abort(reason), milliseconds);
  return controller.signal;
}

/** @param {Record<string, unknown>} entry */
function camelCased(entry) {
  const camel = (/** @type {string} */ name) =>
    name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [camel(name), value]),
  );
}

/**
 * Start a server of ours that ends with this process.
 * @param {string[]} module and its arguments
 * @returns {Promise<string>} its address
 */
async function start(...module) {
  const server = spawn(python(), ["-m", ...module], {
    cwd: join(ROOT, "python"),
    stdio: ["pipe", "pipe", "inherit"],
    // What a terminal or `kill` sends to all of us does not reach it.
    detached: true,
    windowsHide: true,
  });
  const line = await firstLine(server, module[0]);
  server.unref();
  for (const stream of [server.stdin, server.stdout]) {
    /** @type {import("node:net").Socket} */ (stream).unref();
  }
  return line.slice(line.indexOf(": ") + 2);
}

/**
 * What a server prints when it is ready.
 * @param {import("node:child_process").ChildProcessByStdio<
 *   import("node:stream").Writable, import("node:stream").Readable, null>} server
 * @param {string} name
 */
async function firstLine(server, name) {
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
  try {
    const { value } = await limited(
      lines.next(),
      () => `${name} did not start: it has not printed a line yet.`,
    );
    assert(value, `${name} did not start: it ended without a line.`);
    return value;
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  }
}

/** The Python of nox: of the session that runs us, or of an earlier one. */
function python() {
  const binary =
    process.platform === "win32" ? "Scripts/python.exe" : "bin/python";
  const { NOX_CURRENT_SESSION, VIRTUAL_ENV = "" } = process.env;
  const found = ["javascript", "python", "docs", "compare"]
    .map((session) => join(ROOT, ".nox", session))
    .toSpliced(0, 0, ...(NOX_CURRENT_SESSION ? [VIRTUAL_ENV] : []))
    .map((folder) => join(folder, binary))
    .find(existsSync);
  assert(found, "The servers are not set up: run `nox -s javascript`.");
  return found;
}

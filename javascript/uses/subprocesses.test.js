import assert from "node:assert/strict";
import { exec, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { printed, runNode, running } from "../helpers.js";
import { follow, main, start, stop } from "./subprocesses.js";

const WINDOWS = process.platform === "win32";
const FOREVER = `console.log("ready"); setInterval(() => {}, 1e6);`;
const ECHO = `
  console.log("ready");
  process.stdin.once("data", (data) => {
    console.log(String(data));
    process.stdin.destroy();
  });`;
const DEAF = `process.on("SIGTERM", () => {}); ${FOREVER}`;

/**
 * A process that runs a script, and no longer than the test.
 * @param {import("node:test").TestContext} t
 * @param {string} script
 * @param {object} [options]
 */
function node(t, script, options = {}, ...args) {
  const command = ["-e", script, ...args];
  const child = spawn(process.execPath, command, options);
  t.after(() => child.kill("SIGKILL"));
  return /** @type {import("node:child_process").ChildProcessWithoutNullStreams} */ (
    child
  );
}

/** Whether there is such a process, if only as a zombie. */
function exists(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("three run at once, and one is stopped", async () => {
  const lines = (await printed(main)).trim().split("\n");
  assert.deepEqual(lines.slice(-2), [
    "The time is up",
    "Ended with: 0 0 SIGTERM",
  ]);
  // Whose line comes first, a busy machine decides.
  for (const name of ["quick", "slow"]) {
    assert.deepEqual(
      lines.filter((line) => line.includes(name)),
      [`${name}: first line`, `${name}: second line`],
    );
  }
  assert.equal(lines.length, 6);
});

test("a line is read while the process goes on", async (t) => {
  const child = node(
    t,
    `process.stdin.on("data", (data) => {
       console.log(String(data).trim());
     });
     setInterval(() => {}, 1e6);`,
  );
  const program = running(() => follow("it", child));
  await program.prints("it: go\n");
  assert.equal(child.exitCode, null);
  child.kill("SIGKILL");
  await program.done;
  assert.deepEqual(program.lines, ["it: go"]);
});

test("what a process has printed when it is killed", async (t) => {
  const child = node(
    t,
    `process.stdout.write("printed\\n", () => console.error("here"));
     setInterval(() => {}, 1e6);`,
  );
  await once(child.stderr, "data");
  child.kill("SIGKILL");
  assert.equal(await text(child.stdout), "printed\n");
});

test("a pipe that nobody reads stops the process", async (t) => {
  const child = node(
    t,
    `process.stderr.write("begins\\n");
     process.stdout.write("x".repeat(8_000_000));`,
  );
  const ended = once(child, "exit");
  let hasEnded = false;
  ended.then(() => {
    hasEnded = true;
  });
  await once(child.stderr, "data");
  assert.equal(hasEnded, false);
  assert.equal((await text(child.stdout)).length, 8_000_000);
  assert.deepEqual(await ended, [0, null]);
});

test("giving up the wait does not stop the process", async (t) => {
  const child = node(t, ECHO);
  await once(child.stdout, "data");
  const signal = AbortSignal.abort();
  await assert.rejects(once(child, "exit", { signal }), {
    name: "AbortError",
  });
  child.stdin.end("still here\n");
  assert.equal((await text(child.stdout)).trim(), "still here");
});

// JavaScript only: in Python there is nothing but `terminate` and `kill`.
test("a signal for the process stops it", async (t) => {
  const stopping = new AbortController();
  const child = node(t, FOREVER, { signal: stopping.signal });
  await once(child.stdout, "data");
  const ended = new Promise((resolve) => {
    child.on("exit", (_code, signal) => resolve(signal));
  });
  const failed = once(child, "error");
  stopping.abort();
  assert.equal((await failed)[0].message, "The operation was aborted");
  assert.equal(await ended, "SIGTERM");
});

// JavaScript only: in Python a time limit is one for the waiting.
test("a time limit for the process stops it", async (t) => {
  const options = { timeout: 10, killSignal: "SIGKILL" };
  const child = node(t, FOREVER, options);
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
});

test("a process that ignores the request is killed", async (t) => {
  const child = node(t, DEAF);
  await once(child.stdout, "data");
  await stop(child, 100);
  assert.equal(child.signalCode, WINDOWS ? "SIGTERM" : "SIGKILL");
});

test("no zombie is left", async (t) => {
  const child = node(t, "");
  // Nobody waits for it, and yet it goes.
  while (child.exitCode === null) await sleep(1);
  assert(!exists(child.pid));
  const stopped = await start(3_600_000);
  assert(exists(stopped.pid));
  await stop(stopped);
  assert(!exists(stopped.pid));
});

test("a command that does not exist", async () => {
  const child = spawn("no-such-command");
  assert.equal(child.pid, undefined);
  const [error] = await once(child, "error");
  assert.equal(error.message, "spawn no-such-command ENOENT");
  // Where nobody listens, it ends the program.
  const { code, stderr } = await runNode([
    "-e",
    `import { spawn } from "node:child_process";
     spawn("no-such-command");`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: spawn no-such-command ENOENT/);
});

test("only a shell reads more than an argument", async (t) => {
  const name = `you ${WINDOWS ? "&" : ";"} echo injected`;
  const child = node(t, "console.log(process.argv[1])", {}, name);
  assert.equal(await text(child.stdout), `${name}\n`);
  const { stdout } = await promisify(exec)(`echo hello ${name}`);
  const lines = stdout.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => line.trim()),
    ["hello you", "injected"],
  );
});

import assert from "node:assert/strict";
import childProcess, { spawn } from "node:child_process";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import {
  clock,
  limited,
  printed,
  runNode,
  running,
} from "../helpers.js";
import { main, start, stop } from "./stop-a-subprocess.js";

const WINDOWS = process.platform === "win32";
const SLEEP = `console.log("ready"); setInterval(() => {}, 1e6);`;

/**
 * A process of this Node that has said that it is ready; it ends with the
 * block.
 * @param {string} script
 */
async function node(script, options = {}) {
  const child = spawn(process.execPath, ["-e", script], {
    ...options,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  await once(/** @type {any} */ (child.stdout), "data");
  return {
    child,
    closed,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** @type {import("node:child_process").ChildProcess[]} */
const begun = [];
const create = childProcess.spawn;
childProcess.spawn = (...args) => {
  // @ts-expect-error: the same
  const child = create(...args);
  begun.push(child);
  return child;
};
syncBuiltinESMExports();

// What a red test has left would outlive us.
after(() => {
  for (const child of begun) {
    child.kill("SIGKILL");
    if (exists(-Number(child.pid)))
      process.kill(-Number(child.pid), "SIGKILL");
  }
});

/** Whether there is such a process, if only as a zombie. */
function exists(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("one ends when it is asked and one is killed", async () => {
  if (WINDOWS) return; // both are killed there
  assert.equal(
    await printed(main),
    "polite: SIGTERM, nothing is left\n" +
      "deaf: SIGKILL, nothing is left\n",
  );
});

test("the helper ends too", async () => {
  for (const name of ["polite", "deaf"]) {
    const { child, closed } = start(name);
    await once(child.stdout, "data");
    await limited(stop(child, closed, 100), () => "not stopped");
    // The helper would hold the other end of the pipe.
    assert(child.stdout.closed);
    assert(!exists(child.pid));
  }
});

// A helper that ends later than the first process does.
const SLOW_HELPER = `
  const { ppid } = process;
  process.on("SIGTERM", () => {
    const timer = setInterval(() => {
      if (process.ppid === ppid) return;
      clearInterval(timer);
      setTimeout(() => { console.log("saved"); process.exit(); }, 200);
    });
  });
  console.log("ready"); setInterval(() => {}, 1e6);`;

test("a helper has the time, too", async () => {
  if (WINDOWS) return; // there are no process groups
  const first = `child_process.spawn(process.execPath,
    ["-e", ${JSON.stringify(SLOW_HELPER)}], { stdio: "inherit" });`;
  await using started = await node(first, { detached: true });
  const { child } = started;
  const rest = text(/** @type {any} */ (child.stdout));
  await stop(child, once(child, "close"), 30_000);
  assert.equal(await rest, "saved\n");
});

test("what has ended already can be stopped", async () => {
  const child = spawn(process.execPath, ["-e", ""], {
    detached: !WINDOWS,
  });
  const closed = once(child, "close");
  child.stdout.resume();
  child.stderr.resume();
  await closed;
  await stop(child, closed, 500);
  assert.equal(child.exitCode, 0);
});

test("the limit is half a second", async (t) => {
  if (WINDOWS) return; // there is no such limit there
  const time = clock(t);
  const kill = t.mock.method(process, "kill");
  // 0 is no signal: whoever runs us looks whether a process lives.
  const sent = () =>
    kill.mock.calls
      .map((call) => /** @type {any} */ (call.arguments)[1])
      .filter((signal) => signal !== 0);
  const program = running(main);
  await program.prints("polite"); // the next loop would never give up
  while (sent().length < 3) await turn();
  assert.deepEqual(sent(), ["SIGTERM", "SIGKILL", "SIGTERM"]);
  await time.advance(499);
  assert.equal(sent().length, 3);
  await time.advance(1);
  assert.equal(sent()[3], "SIGKILL");
  await program.done;
  // Once more for helpers; the timer of the polite one sends nothing.
  assert.deepEqual(sent().slice(4), ["SIGKILL"]);
  assert.equal(program.lines.at(-1), "deaf: SIGKILL, nothing is left");
});

// What the language does, without the program.

test("giving up the wait does not stop the process", async () => {
  await using running = await node(SLEEP);
  const { child } = running;
  const giveUp = new AbortController();
  const waiting = once(child, "exit", { signal: giveUp.signal });
  giveUp.abort();
  await assert.rejects(waiting, {
    name: "AbortError",
    message: "The operation was aborted",
  });
  assert(exists(child.pid));
  assert.equal(child.exitCode, null);
});

test("a signal for one leaves its helper alive", async () => {
  if (WINDOWS) return; // there are no process groups
  const { child, closed } = start("polite");
  const group = -Number(child.pid);
  await once(child.stdout, "data");
  const ended = once(child, "exit");
  child.kill();
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  // The helper is there, in the group, and holds the output open.
  assert(exists(group));
  assert(!child.stdout.closed);
  process.kill(group, "SIGKILL");
  assert.deepEqual(await closed, [null, "SIGTERM"]);
});

test("no zombie is left", async () => {
  await using running = await node(`console.log("ready")`);
  const { child } = running;
  // Nobody waits for it, and yet it goes.
  while (child.exitCode === null) await turn();
  assert(!exists(child.pid));
});

// JavaScript only: in Python there is nothing but a signal.
test("an abort signal asks the process to end", async () => {
  const stopping = new AbortController();
  const options = { signal: stopping.signal };
  await using running = await node(SLEEP, options);
  const { child } = running;
  const ended = new Promise((resolve) => {
    child.on("exit", (_code, signal) => resolve(signal));
  });
  const failed = once(child, "error");
  stopping.abort();
  const [error] = await failed;
  assert.equal(`${error}`, "AbortError: The operation was aborted");
  assert.equal(await ended, "SIGTERM");
});

// JavaScript only: in Python a time limit is one for the waiting.
test("the option timeout only sends a signal", async () => {
  if (WINDOWS) return; // nobody can ignore it there
  // A signal that programs ignore by default.
  const options = { timeout: 1, killSignal: "SIGURG" };
  await using running = await node(SLEEP, options);
  while (!running.child.killed) await turn();
  assert(exists(running.child.pid));
  assert.equal(running.child.signalCode, null);
});

test("a signal for what has ended", async () => {
  await using running = await node(`console.log("ready")`);
  const { child } = running;
  while (child.exitCode === null) await turn();
  assert.equal(child.kill(), false);
  assert.throws(() => process.kill(Number(child.pid), "SIGTERM"), {
    message: "kill ESRCH",
  });
});

// JavaScript only: an error in Python runs every `finally`.
test("process.exit leaves the child alive", async () => {
  const { stdout } = await runNode([
    "-e",
    `const { spawn } = require("node:child_process");
     const sleep = "setInterval(() => {}, 1e6)";
     const options = { stdio: "ignore" };
     const child = spawn(process.execPath, ["-e", sleep], options);
     console.log(child.pid);
     process.exit();`,
  ]);
  const pid = Number(stdout);
  assert(exists(pid));
  process.kill(pid, "SIGKILL");
});

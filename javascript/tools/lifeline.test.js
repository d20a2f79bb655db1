// Nothing of a test run goes on when what started it is gone.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const LIMIT = 30_000; // milliseconds

// It says which processes there are, and then keeps a core busy.
const BUSY = `
import { connect } from "node:net";
import { test } from "node:test";
import { setImmediate as giveWay } from "node:timers/promises";
test("busy", async () => {
  const pids = [process.ppid, process.pid];
  connect(process.env.PORT, "127.0.0.1").write(JSON.stringify(pids));
  while (true) await giveWay();
});`;

// It starts the runner, which gets its standard output.
const PARENT = `
require("node:child_process").spawn(
  process.execPath, process.argv.slice(1), { stdio: "inherit" });`;

test("the runner and its files end with their parent", async () => {
  await killing((parent) => parent);
});

test("the files end with their runner", async () => {
  await killing((_, runner) => runner);
});

/**
 * Kill one of the processes of a run, and wait until all have ended.
 * @param {(parent: number, runner: number) => number} choose
 */
async function killing(choose) {
  const signal = AbortSignal.timeout(LIMIT);
  const folder = await mkdtemp(join(tmpdir(), "lifeline-"));
  const file = join(folder, "busy.test.mjs");
  await writeFile(file, BUSY);
  await using server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {any} */ (server.address());
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const preload = join(import.meta.dirname, "lifeline.js");
  const options = ["--require", preload, "--test", file];
  const parent = spawn(
    process.execPath,
    ["--eval", PARENT, "--", ...options],
    {
      env: { ...env, PORT: port },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const pids = [Number(parent.pid)];
  try {
    const [busy] = await once(server, "connection", { signal });
    const [told] = await once(busy, "data", { signal });
    pids.push(...JSON.parse(told));
    // Each holds one end: the file a connection, the other two a pipe.
    const ended = Promise.all([
      once(busy, "close", { signal }),
      once(parent.stdout.resume(), "close", { signal }),
    ]);
    process.kill(choose(pids[0], pids[1]), "SIGKILL");
    await ended;
  } finally {
    for (const pid of pids) kill(pid);
    await rm(folder, { recursive: true });
  }
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, as it should.
  }
}

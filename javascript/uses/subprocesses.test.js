import assert from "node:assert/strict";
import { exec, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";

import {
  clock,
  limited,
  printed,
  runNode,
  running,
} from "../helpers.js";
import { main, run } from "./subprocesses.js";

const WINDOWS = process.platform === "win32";
// It prints its number, and ignores a request to end.
const FOREVER = `
  process.on("SIGTERM", () => {});
  console.log(process.pid);
  setTimeout(() => {}, 60_000);`;

/**
 * The command that runs a script with this Node.
 * @returns {[string, ...string[]]}
 */
function node(script, ...args) {
  return [process.execPath, "-e", script, ...args];
}

/** A process. With `using` it lives no longer than the test. */
function started([command, ...args]) {
  return spawn(command, args);
}

/** Wait until there is no such process, not even a zombie. */
async function gone(pid) {
  const waiting = async () => {
    while (send(pid, 0)) await turn();
  };
  try {
    await limited(waiting(), () => `process ${pid} lives on`);
  } finally {
    send(pid, "SIGKILL");
  }
}

/** Send a signal, and say whether there is such a process. */
function send(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

test("a command is answered, read and judged", async () => {
  assert.equal(
    await printed(main),
    "What is your name?\n" +
      "Hello, Ada\n" +
      "On stderr: 1000000 characters\n" +
      "Exit code: 3\n",
  );
});

test("lines come while two commands run", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "subprocesses-"));
  t.after(() => rm(folder, { recursive: true }));
  const script = `
    console.log("ready");
    const waiting = setInterval(() => {
      if (!require("node:fs").existsSync(process.argv[1])) return;
      console.log("done");
      clearInterval(waiting);
    }, 10);
    setTimeout(process.exit, 30_000).unref();`;
  const command = node(script, join(folder, "go on"));
  const program = running(() =>
    Promise.all([
      run(command, "", console.log),
      run(command, "", console.log),
    ]),
  );
  await program.prints("ready\nready\n");
  await writeFile(join(folder, "go on"), "");
  await program.done;
  assert.deepEqual(program.lines, ["ready", "ready", "done", "done"]);
});

test("a command may end without reading", async () => {
  const script = `
    require("node:fs").closeSync(0);
    console.log("Well?");
    process.exitCode = 4;`;
  const lines = [];
  const show = (line) => lines.push(line);
  const [code, errors] = await run(node(script), "Ada", show);
  assert.deepEqual([lines, code, errors], [["Well?"], 4, ""]);
});

test("a time limit ends the command", async (t) => {
  const time = clock(t);
  const program = running(() => run(node(FOREVER), "", console.log));
  let ended = false;
  const rejected = assert.rejects(
    program.done.finally(() => {
      ended = true;
    }),
    { name: "AbortError", message: "The operation was aborted" },
  );
  await program.prints("\n");
  await time.advance(9_900);
  await turn();
  assert.equal(ended, false);
  await time.advance(100);
  await gone(Number(program.output));
  await rejected;
});

test("an error ends the command", async () => {
  let pid;
  const show = (line) => {
    pid = Number(line);
    throw new Error("no screen");
  };
  await assert.rejects(run(node(FOREVER), "", show), {
    message: "no screen",
  });
  await gone(pid);
});

test("a signal gives another exit code", async () => {
  const script = `process.kill(process.pid, "SIGTERM")`;
  const [code] = await run(node(script), "", console.log);
  assert.equal(code, WINDOWS ? 1 : "SIGTERM");
});

// What the language does, without the program.

test("what a command has printed when it is killed", async () => {
  const script = `
    process.stdout.write("printed\\n", () => console.error("here"));
    setTimeout(() => {}, 60_000);`;
  using child = started(node(script));
  await once(child.stderr, "data");
  child.kill("SIGKILL");
  assert.equal(await text(child.stdout), "printed\n");
});

test("a full pipe stops the command", async () => {
  const script = `
    process.stderr.write("begins\\n");
    process.stdout.write("x".repeat(8_000_000));`;
  using child = started(node(script));
  const ended = once(child, "exit");
  let hasEnded = false;
  ended.then(() => {
    hasEnded = true;
  });
  await once(child.stderr, "data");
  assert.equal(hasEnded, false);
  // Somebody reads, and the command goes on to its end.
  assert.equal((await text(child.stdout)).length, 8_000_000);
  assert.deepEqual(await ended, [0, null]);
});

// JavaScript only: `communicate` has no limit and looks at no exit code.
test("execFile rejects for an exit code and for much output", async () => {
  const script = `console.error("no luck"); process.exit(3)`;
  const [command, ...args] = node(script);
  await assert.rejects(promisify(execFile)(command, args), {
    message: `Command failed: ${[command, ...args].join(" ")}\nno luck\n`,
    code: 3,
    stderr: "no luck\n",
  });
  const [, ...many] = node(`process.stdout.write("x".repeat(3e6))`);
  await assert.rejects(promisify(execFile)(command, many), {
    name: "RangeError",
    code: "ERR_CHILD_PROCESS_STDIO_MAXBUFFER",
    message: "stdout maxBuffer length exceeded",
    stdout: "x".repeat(2 ** 20),
  });
});

test("a very long line", async () => {
  const script = `console.log("x".repeat(1_000_000))`;
  using child = started(node(script));
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, "line");
  assert.equal(line.length, 1_000_000);
});

test("writing to a command that does not read", async () => {
  const script = `
    require("node:fs").closeSync(0);
    console.log("closed");
    setTimeout(() => {}, 60_000);`;
  using child = started(node(script));
  await once(child.stdout, "data");
  child.stdin.write("Ada\n");
  const [error] = await once(child.stdin, "error");
  assert.equal(error.message, "write EPIPE");
  // If nobody listens, the error ends the program.
  const { code, stderr } = await runNode([
    "-e",
    `const { spawn } = require("node:child_process");
     const child = spawn(process.execPath, ["-e", ${JSON.stringify(script)}]);
     process.on("exit", () => child.kill("SIGKILL"));
     child.stdout.once("data", () => child.stdin.write("Ada"));`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: write EPIPE/);
});

test("a command that does not exist", async () => {
  const child = spawn("no-such-command");
  assert.equal(child.pid, undefined);
  const [error] = await once(child, "error");
  assert.equal(error.message, "spawn no-such-command ENOENT");
  // This is no command with an argument, but one strange name.
  const strange = `${process.execPath} -v`;
  await assert.rejects(run([strange], "", console.log), {
    message: `spawn ${strange} ENOENT`,
  });
  // If nobody listens, the error ends the program.
  const { code, stderr } = await runNode([
    "-e",
    `require("node:child_process").spawn("no-such-command");`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: spawn no-such-command ENOENT/);
});

test("only a shell reads more than an argument", async () => {
  const name = `you ${WINDOWS ? "&" : ";"} echo injected`;
  const shown = [];
  const command = node("console.log(process.argv[1])", name);
  await run(command, "", (line) => shown.push(line));
  assert.deepEqual(shown, [name]);
  const { stdout } = await promisify(exec)(`echo hello ${name}`);
  const lines = stdout.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => line.trim()),
    ["hello you", "injected"],
  );
});

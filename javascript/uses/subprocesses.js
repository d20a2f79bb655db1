// Run a command, read its lines as they come, see how it ended.
// Explained in docs/uses/subprocesses.md

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

// The command is this Node. It asks, and waits for the answer.
// Then it complains more than a pipe holds, and fails.
const SCRIPT = `
  console.log("What is your name?");
  process.stdin.once("data", (name) => {
    process.stderr.write("!".repeat(1_000_000));
    console.log("Hello,", String(name).trim());
    process.exitCode = 3;
  });`;

async function follow(child, answer, show) {
  // Each line comes while the command goes on.
  for await (const line of createInterface({ input: child.stdout })) {
    show(line);
    if (line.endsWith("?")) child.stdin.end(`${answer}\n`);
  }
}

export async function run(command, answer, show) {
  const [file, ...args] = command;
  // Without a limit, a command that hangs hangs us, too.
  const limit = { signal: AbortSignal.timeout(10_000) };
  const child = spawn(file, args, limit);
  // If the command ends without reading, its exit code says why.
  child.stdin.on("error", () => {});
  try {
    // A full pipe stops the command, so we read both at once.
    const [errors, [code, signal]] = await Promise.all([
      text(child.stderr),
      once(child, "close"),
      follow(child, answer, show),
    ]);
    // If a signal has ended it, there is no code.
    return [code ?? signal, errors];
  } finally {
    // If the block failed, the command may still run.
    child.kill("SIGKILL");
  }
}

export async function main() {
  const command = [process.execPath, "-e", SCRIPT];
  const [code, errors] = await run(command, "Ada", console.log);
  console.log("On stderr:", errors.length, "characters");
  // A code that is not 0 is no exception: look at it.
  console.log("Exit code:", code);
}

if (import.meta.main) await main();

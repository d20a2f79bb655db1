// Run three commands at once, read their lines, stop one that hangs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

// The command is this Node itself: it waits for "go", then works.
const SCRIPT = `
  console.log("ready");
  process.stdin.once("data", () => {
    const pause = Number(process.argv[1]);
    setTimeout(console.log, pause, "first line");
    setTimeout(console.log, pause * 2, "second line");
  });`;
const PAUSES = { quick: 200, slow: 300, stuck: 3_600_000 };

export async function start(pause) {
  const args = ["-e", SCRIPT, String(pause)];
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data"); // "ready"
  return child;
}

export async function follow(name, child) {
  const ended = once(child, "exit");
  child.stdin.end("go\n");
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(`${name}: ${line}`);
  }
  await ended;
}

export async function stop(child, grace = 5000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(); // a request, which it may ignore
  const kill = setTimeout(() => child.kill("SIGKILL"), grace);
  await once(child, "exit");
  clearTimeout(kill);
}

export async function main() {
  const children = await Promise.all(Object.values(PAUSES).map(start));
  try {
    const names = Object.keys(PAUSES);
    const all = children.map((child, i) => follow(names[i], child));
    const limit = sleep(1000, "The time is up", { ref: false });
    const first = await Promise.race([limit, Promise.all(all)]);
    if (typeof first === "string") console.log(first);
  } finally {
    // Nobody else would stop what still runs.
    await Promise.all(children.map((child) => stop(child)));
  }
  const codes = children.map((c) => c.exitCode ?? c.signalCode);
  console.log("Ended with:", ...codes);
}

if (import.meta.main) await main();

// Stop two programs with their helpers, one of them by force.
// Explained in docs/uses/stop-a-subprocess.md

import { spawn } from "node:child_process";
import { once } from "node:events";

const POSIX = process.platform !== "win32";
// A program that runs a helper. Both ignore SIGTERM if they are deaf.
const SCRIPT = `
  const [node, name, helper] = process.argv;
  if (name === "deaf") process.on("SIGTERM", () => {});
  const again = [...process.execArgv, name, "helper"];
  if (helper) { console.log("ready"); setInterval(() => {}, 1e6); }
  else child_process.spawn(node, again, { stdio: "inherit" });`;

export function start(name) {
  const child = spawn(process.execPath, ["-e", SCRIPT, name], {
    // In a group of its own, so that one signal reaches all of them.
    detached: POSIX,
    stdio: ["ignore", "pipe", "inherit"],
  });
  // "close" comes after the last one that could write has ended.
  return { child, closed: once(child, "close") };
}

export async function stop(child, closed, limit) {
  send(child, "SIGTERM");
  const late = setTimeout(() => send(child, "SIGKILL"), limit);
  await closed;
  clearTimeout(late);
  // No program can ignore this. It also ends helpers that are left.
  send(child, "SIGKILL");
}

function send(child, signal) {
  try {
    process.kill(POSIX ? -child.pid : child.pid, signal);
  } catch (error) {
    // They may have ended by themselves.
    if (error.code !== "ESRCH") throw error;
  }
}

export async function main() {
  for (const name of ["polite", "deaf"]) {
    const { child, closed } = start(name);
    try {
      // If it ends before it is ready, nobody waits for its word.
      await Promise.race([once(child.stdout, "data"), closed]);
    } finally {
      // After an error, too.
      await stop(child, closed, 500);
    }
    console.log(`${name}: ${child.signalCode}, nothing is left`);
  }
}

if (import.meta.main) await main();

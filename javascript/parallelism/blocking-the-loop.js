// Block the event loop, then block something else in its place.
// Explained in docs/parallelism/blocking-the-loop.md
// Needs the mock API: nox -s api

import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// The program that fetches the report. The address is its argument.
const FETCH = `const response = await fetch(process.argv[1]);
if (!response.ok) throw new Error("HTTP " + response.status);`;
const ARGS = ["--input-type=module", "--eval", FETCH];

export async function loadUsers(apiUrl, users) {
  for (const user of users) {
    const response = await fetch(`${apiUrl}/users/${user}?delay=0.8`);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    console.log((await response.json()).name, "is here");
  }
}

export function fetchReport(url) {
  // A blocking call: it returns when the other program has ended.
  // Until then this thread does nothing else.
  execFileSync(process.execPath, [...ARGS, url]);
  console.log("The report is here");
}

async function blockTheLoop(apiUrl) {
  // While we wait here, the first user is asked for, too.
  await (await fetch(`${apiUrl}/notifications?delay=0.05`)).text();
  fetchReport(`${apiUrl}/posts/1?delay=2`);
}

async function blockElsewhere(apiUrl) {
  await (await fetch(`${apiUrl}/notifications?delay=0.05`)).text();
  // The same program, and a promise in place of the wait.
  const args = [...ARGS, `${apiUrl}/posts/2?delay=2`];
  await promisify(execFile)(process.execPath, args);
  console.log("The report is here");
}

export async function main(apiUrl = API_URL) {
  console.log("Blocking the loop:");
  await Promise.all([loadUsers(apiUrl, [1, 2]), blockTheLoop(apiUrl)]);

  console.log("Blocking elsewhere:");
  await Promise.all([
    loadUsers(apiUrl, [4, 5]),
    blockElsewhere(apiUrl),
  ]);
}

if (import.meta.main) await main();

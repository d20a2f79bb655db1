// Start a request, go on with other work, handle the answer later.

import { setTimeout as sleep } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function getMessage(apiUrl) {
  const response = await fetch(`${apiUrl}/data`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).message;
}

export async function main(apiUrl = API_URL) {
  console.log("Starting the request");
  const message = getMessage(apiUrl);

  for (const step of [1, 2, 3]) {
    console.log("Other work, step", step);
    // Each await lets the answer in, should it have come.
    await sleep(20);
  }

  console.log("Nothing else to do: waiting for the answer");
  console.log("The answer:", await message);
}

if (import.meta.main) await main();

// What await does: who runs meanwhile, and what can be awaited.

import { setTimeout as sleep } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function getMessage(apiUrl) {
  const response = await fetch(`${apiUrl}/data`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).message;
}

export async function getCached() {
  return "Hello from the cache"; // nothing in here has to wait
}

export async function othersRun(promise) {
  const others = [];
  // Something else that is ready to run, waiting only for its turn.
  queueMicrotask(() => others.push("ran"));
  await promise;
  return others.length > 0 ? "yes" : "no";
}

async function awaitNumber(number) {
  try {
    return `gives ${await number}`;
  } catch (error) {
    return error.name;
  }
}

export async function awaitTwice(call) {
  const first = await call;
  try {
    return (await call) === first ? "the same" : "another";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

export async function main(apiUrl = API_URL) {
  console.log("Do others run while this function awaits");
  console.log("- a request?", await othersRun(getMessage(apiUrl)));
  console.log("- a cached answer?", await othersRun(getCached()));
  console.log("- a pause of 0?", await othersRun(sleep(0)));

  console.log("Await the number 1:", await awaitNumber(1));
  console.log("Await twice:", await awaitTwice(getMessage(apiUrl)));
}

if (import.meta.main) await main();

// In which order the event loop runs what is ready, due or arriving.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const AT_MOST = 1000;

async function ask(apiUrl) {
  const response = await fetch(`${apiUrl}/data`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  await response.text();
  console.log("- the answer of the API");
}

function callback() {
  console.log("- a callback");
  queueMicrotask(() => console.log("- a callback of it"));
}

async function giveWay() {
  const fired = [];
  setTimeout(() => fired.push("now"), 0);
  let times = 0;
  while (fired.length === 0 && times < AT_MOST) {
    // The shortest wait there is: let others run, then go on.
    await null;
    times += 1;
  }
  const state = fired.length > 0 ? "fired" : "not fired";
  return `${times} times, timer ${state}`;
}

export async function main(apiUrl = API_URL) {
  console.log("main starts");
  // Put in line from the slowest to the quickest.
  const answer = ask(apiUrl);
  setTimeout(() => console.log("- a timer of 0 s"), 0);
  queueMicrotask(callback);
  console.log("main waits");
  await answer;

  console.log("main gives way:", await giveWay());
}

if (import.meta.main) await main();

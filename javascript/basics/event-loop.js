// In which order the event loop runs what is ready, due or arriving.
// Explained in docs/basics/event-loop.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

async function ask(apiUrl) {
  console.log("- a request begins");
  const response = await fetch(`${apiUrl}/data`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  await response.json();
  console.log("- its answer is there");
}

function callback() {
  queueMicrotask(() => console.log("- a callback of the callback"));
  console.log("- a callback");
}

async function letOthersRun() {
  const ran = [];
  setTimeout(() => ran.push("a timer"), 0);
  queueMicrotask(() => ran.push("a callback"));
  // We block the loop until the timer is overdue.
  const end = performance.now() + 2;
  while (performance.now() < end);
  // The shortest wait there is, again and again.
  for (let times = 0; times < 1000; times += 1) {
    await null;
  }
  return ran.join(", ");
}

export async function main(apiUrl = API_URL) {
  console.log("main starts");
  // The timer first: when you start it does not decide.
  setTimeout(() => console.log("- a timer of 0 s"), 0);
  queueMicrotask(callback);
  const answer = ask(apiUrl);
  console.log("main waits");
  await answer;

  console.log("main lets others run:", await letOthersRun());
}

if (import.meta.main) await main();

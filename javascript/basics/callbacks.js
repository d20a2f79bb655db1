// A function that is called back later, and the same as an await.
// Explained in docs/basics/callbacks.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function getName(apiUrl, userId) {
  const response = await fetch(`${apiUrl}/users/${userId}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export function pause(milliseconds) {
  // The callback settles the promise, and that can be awaited.
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export async function main(apiUrl = API_URL) {
  const show = (text) => console.log("Called back:", text);

  // Style 1: hand over a function. The loop calls it in 50 ms.
  const hint = setTimeout(console.log, 50, "Timer: still loading");
  // Style 2: attach functions to an operation under way, one for its
  // value and one for its failure.
  const name = getName(apiUrl, 1);
  name.then(show, () => show("no name"));
  console.log("main goes on");
  try {
    // Style 3: wait here. The callbacks run meanwhile.
    console.log("Awaited:", await name);
  } finally {
    clearTimeout(hint);
  }

  await pause(50);
  console.log("Paused");
}

if (import.meta.main) await main();

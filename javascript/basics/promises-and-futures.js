// Hold a result that is not there yet, and settle one by hand.
// Explained in docs/basics/promises-and-futures.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function getMessage(apiUrl) {
  const response = await fetch(`${apiUrl}/data`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).message;
}

// A result made of another: then makes a new promise.
export function louder(message) {
  return message.then((text) => text.toUpperCase());
}

// JavaScript only: a Python future has a method done.
export function watch(promise) {
  const state = { done: false };
  const note = () => {
    state.done = true;
  };
  // A failure counts as done, too.
  promise.then(note, note);
  return state;
}

export async function main(apiUrl = API_URL) {
  // An async function makes a promise, and settles it at its end.
  const message = getMessage(apiUrl);
  const state = watch(message);
  console.log("Done?", state.done ? "yes" : "no");

  // One request, and as many awaits as we like.
  console.log("Awaited:", await message);
  console.log("Awaited again:", await message);
  console.log("Made into another:", await louder(message));
  console.log("Done?", state.done ? "yes" : "no");

  // This promise has no function. Whoever holds resolve settles it.
  const { promise, resolve } = Promise.withResolvers();
  resolve("first");
  // Only once, though: JavaScript ignores this, and does not tell us.
  console.log("Settled again:", resolve("second"));
  console.log("It keeps:", await promise);
}

if (import.meta.main) await main();

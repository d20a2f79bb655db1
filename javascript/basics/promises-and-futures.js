// A result that is not there yet, as an object.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function getMessage(apiUrl) {
  const response = await fetch(`${apiUrl}/data`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).message;
}

export async function isThere(promise) {
  // Nobody can ask a promise, but it can win a race, or lose it.
  const notYet = Symbol("not yet");
  const first = Promise.race([promise, notYet]);
  return first.then(
    (winner) => winner !== notYet,
    () => true,
  );
}

// A result made of another: then gives a new promise.
export function louder(promise) {
  return promise.then((message) => message.toUpperCase());
}

export async function settleTwice() {
  const { promise, resolve } = Promise.withResolvers();
  resolve("the first");
  // Settled is settled: to try again does nothing.
  resolve("the second");
  return promise;
}

export async function main(apiUrl = API_URL) {
  // An async function gives a promise, settled when it returns.
  const message = getMessage(apiUrl);
  console.log("There yet?", (await isThere(message)) ? "yes" : "no");
  console.log("Awaited:", await message);
  console.log("Awaited again:", await message);
  console.log("There now?", (await isThere(message)) ? "yes" : "no");
  console.log("Made into another:", await louder(message));
  console.log("Settled twice, it keeps", await settleTwice());
}

if (import.meta.main) await main();

// Show each picture when it comes, not when all of them are there.
// Explained in docs/feed/as-it-arrives.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const PICTURES = {
  Ada: "/users/1/picture",
  Grace: "/users/2/picture",
  Edsger: "/users/4/picture",
  // There is no user 9.
  Nobody: "/users/9/picture?delay=0.2",
};

export async function getPicture(apiUrl, name) {
  // The loop below does not know whose picture has come, so the
  // result says it, also for a request that failed.
  const missing = `[no picture] ${name}`;
  try {
    const response = await fetch(apiUrl + PICTURES[name]);
    await response.text();
    return response.ok ? `[picture] ${name}` : missing;
  } catch {
    return missing;
  }
}

// JavaScript only: Python has asyncio.as_completed for this.
export function asCompleted(promises) {
  const places = promises.map(() => Promise.withResolvers());
  let next = 0;
  for (const promise of promises) {
    // Whichever settles first fills the first place, good or bad.
    const arrive = () => places[next++].resolve(promise);
    promise.then(arrive, arrive);
  }
  const inOrder = places.map((place) => place.promise);
  // A failure may wait for its turn. It must not end the process.
  for (const promise of inOrder) promise.catch(() => {});
  return inOrder;
}

export async function main(apiUrl = API_URL) {
  const names = Object.keys(PICTURES);
  const pictures = names.map((name) => getPicture(apiUrl, name));
  // The first turn waits for whichever comes first.
  for (const picture of asCompleted(pictures)) {
    console.log(await picture);
  }
  console.log("That was the last one");
}

if (import.meta.main) await main();

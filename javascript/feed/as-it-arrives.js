// Handle each picture when it comes, not when all are there.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const PICTURES = {
  Ada: "/users/1/picture",
  Grace: "/users/2/picture",
  Edsger: "/users/4/picture",
  Nobody: "/users/9/picture?delay=0.2", // there is no user 9
};

export async function getPicture(apiUrl, name) {
  const response = await fetch(apiUrl + PICTURES[name]);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  await response.text();
  // The result says itself whose picture it is.
  return `[picture] ${name}`;
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
  // A failure that waits for its turn must not end the process.
  for (const promise of inOrder) promise.catch(() => {});
  return inOrder;
}

export async function main(apiUrl = API_URL) {
  const pictures = Object.keys(PICTURES).map((name) =>
    getPicture(apiUrl, name),
  );
  for (const picture of asCompleted(pictures)) {
    try {
      console.log(await picture);
    } catch {
      console.log("[no picture]");
    }
  }
  console.log("That was the last one");
}

if (import.meta.main) await main();

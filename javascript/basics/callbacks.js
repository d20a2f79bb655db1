// One operation in three styles: callback, promise, await.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function getName(apiUrl, userId) {
  const response = await fetch(`${apiUrl}/users/${userId}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

// The callee: it returns at once and calls one of the two back later.
export function ask(apiUrl, userId, onName, onError) {
  getName(apiUrl, userId).then(onName, onError);
}

// The same, wrapped: the two callbacks settle a promise.
export function answer(apiUrl, userId) {
  const { promise, resolve, reject } = Promise.withResolvers();
  ask(apiUrl, userId, resolve, reject);
  return promise;
}

export async function main(apiUrl = API_URL) {
  ask(
    apiUrl,
    1,
    (name) => console.log("Called back:", name),
    console.error,
  );
  const grace = answer(apiUrl, 2);
  grace.then((name) => console.log("Settled:", name), console.error);
  console.log("The caller goes on");
  // Here the rest of the function is what is called back.
  console.log("Awaited:", await answer(apiUrl, 3));
}

if (import.meta.main) await main();

// Send the same three requests, first one by one, then together.
// Explained in docs/basics/one-by-one-or-together.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// The slowest answer is asked for first.
const USER_IDS = [3, 1, 2];

export async function getName(apiUrl, userId) {
  const response = await fetch(`${apiUrl}/users/${userId}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export async function oneByOne(apiUrl) {
  const names = [];
  for (const userId of USER_IDS) {
    // The next call waits until this await has ended.
    names.push(await getName(apiUrl, userId));
  }
  return names;
}

export async function together(apiUrl) {
  // Each call starts its request and gives us a promise.
  const names = USER_IDS.map((userId) => getName(apiUrl, userId));
  // Promise.all starts nothing. It makes one promise of three.
  return await Promise.all(names);
}

export async function main(apiUrl = API_URL) {
  console.log("One by one:", (await oneByOne(apiUrl)).join(", "));
  console.log("Together:", (await together(apiUrl)).join(", "));
}

if (import.meta.main) await main();

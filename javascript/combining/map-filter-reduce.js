// Map, filter and reduce a list with a function that has to wait.
// Explained in docs/combining/map-filter-reduce.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const USERS = [3, 1, 4];

export async function getName(apiUrl, user) {
  const response = await fetch(`${apiUrl}/users/${user}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export async function mapNames(apiUrl, users) {
  // All requests are under way at once. The names keep the order.
  return await Promise.all(users.map((u) => getName(apiUrl, u)));
}

export async function filterShort(apiUrl, users) {
  // First all answers, then the choice: a filter cannot wait.
  const names = await mapNames(apiUrl, users);
  return users.filter((_, i) => names[i].length < 5);
}

export async function reduceLetters(apiUrl, users) {
  let letters = 0;
  for (const user of users) {
    // The next request leaves when this one has its answer.
    letters += (await getName(apiUrl, user)).length;
  }
  return letters;
}

export async function main(apiUrl = API_URL) {
  console.log("Map:", (await mapNames(apiUrl, USERS)).join(", "));
  const short = await filterShort(apiUrl, USERS);
  console.log("Filter: users", short.join(", "));
  const letters = await reduceLetters(apiUrl, USERS);
  console.log("Reduce:", letters, "letters");
}

if (import.meta.main) await main();

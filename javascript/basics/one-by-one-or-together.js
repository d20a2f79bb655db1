// The same three requests, first one by one, then all together.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const USER_IDS = [3, 1, 2]; // the slowest answer is asked for first

export async function getName(apiUrl, userId) {
  const response = await fetch(`${apiUrl}/users/${userId}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).name;
}

export async function oneByOne(apiUrl) {
  const names = [];
  for (const userId of USER_IDS) {
    // Each await ends before the next call is made.
    names.push(await getName(apiUrl, userId));
  }
  return names;
}

export async function together(apiUrl) {
  // The calls start all three; Promise.all starts nothing, it waits.
  const names = USER_IDS.map((userId) => getName(apiUrl, userId));
  return Promise.all(names);
}

export async function main(apiUrl = API_URL) {
  console.log("One by one:", (await oneByOne(apiUrl)).join(", "));
  console.log("Together:", (await together(apiUrl)).join(", "));
}

if (import.meta.main) await main();

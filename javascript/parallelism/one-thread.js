// Count pictures in three calls on one thread, and lose two of them.
// Explained in docs/parallelism/one-thread.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export class Album {
  pictures = 0;

  constructor(apiUrl) {
    this.apiUrl = apiUrl;
  }
}

async function loadOne(album, author) {
  const url = `${album.apiUrl}/users/${author}/picture`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  await response.text();
  return 1;
}

export async function addAcross(album, author) {
  // This reads the number, waits, and writes a sum that is too old.
  album.pictures += await loadOne(album, author);
}

export async function addAfter(album, author) {
  const one = await loadOne(album, author);
  // No await from here on, so no other call has a turn.
  album.pictures += one;
}

export async function addLocked(album, author) {
  // The others wait here until this function has ended.
  await navigator.locks.request("album", async () => {
    album.pictures += await loadOne(album, author);
  });
}

export async function count(album, add) {
  await Promise.all([1, 2, 3].map((author) => add(album, author)));
  return `${album.pictures} of 3`;
}

export async function main(apiUrl = API_URL) {
  console.log("Across:", await count(new Album(apiUrl), addAcross));
  console.log("After:", await count(new Album(apiUrl), addAfter));
  console.log("Locked:", await count(new Album(apiUrl), addLocked));
}

if (import.meta.main) await main();

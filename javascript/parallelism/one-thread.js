// Three async calls on one thread count together, and lose an update.

import { threadId } from "node:worker_threads";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export class Album {
  pictures = 0;
  threads = new Set();

  constructor(apiUrl) {
    this.apiUrl = apiUrl;
  }
}

async function loadOne(album, author) {
  const url = `${album.apiUrl}/users/${author}/picture`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  await response.text();
  album.threads.add(threadId);
  return 1;
}

export async function addAcross(album, author) {
  // Reads the number, waits, and writes what is too old by then.
  album.pictures += await loadOne(album, author);
}

export async function addAfter(album, author) {
  const one = await loadOne(album, author);
  // There is no await from here on, so nobody else gets a turn.
  album.pictures += one;
}

export async function addLocked(album, author) {
  await navigator.locks.request("album", async () => {
    album.pictures += await loadOne(album, author);
  });
}

export async function count(album, add) {
  await Promise.all([1, 2, 3].map((author) => add(album, author)));
  return `${album.pictures} of 3, on ${album.threads.size} thread`;
}

export async function main(apiUrl = API_URL) {
  console.log("Across:", await count(new Album(apiUrl), addAcross));
  console.log("After:", await count(new Album(apiUrl), addAfter));
  console.log("Locked:", await count(new Album(apiUrl), addLocked));
}

if (import.meta.main) await main();

// Save a download, then read it while the event loop goes on.
// Explained in docs/uses/file-io.md
// Needs the mock API: nox -s api

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function save(apiUrl, file) {
  // Nobody must find half a file under the name of a whole one.
  const part = `${file}.part`;
  try {
    const response = await fetch(`${apiUrl}/download?megabytes=4`);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    // Each piece is written when it comes, in one of Node's threads.
    await fs.writeFile(part, response.body ?? "");
    await fs.rename(part, file);
  } finally {
    await fs.rm(part, { force: true });
  }
}

export async function checksum(file) {
  const digest = createHash("sha256");
  // Node reads ahead in a thread, and hands over piece by piece.
  for await (const piece of createReadStream(file))
    digest.update(piece);
  return digest.digest("hex");
}

export async function turnsUntil(done) {
  let turns = 0;
  // A turn gives undefined, and the checksum is a text.
  while (!(await Promise.race([done, turn()]))) turns += 1;
  return turns;
}

export async function main(apiUrl = API_URL) {
  // The folder goes when the block ends, and all files in it.
  const prefix = join(tmpdir(), "file-io-");
  await using folder = await fs.mkdtempDisposable(prefix);
  const file = join(folder.path, "download");
  await save(apiUrl, file);
  console.log("Saved:", (await fs.stat(file)).size, "bytes");

  const reading = checksum(file);
  // If the read blocks, it is over before the loop can go on.
  const turns = await turnsUntil(reading);
  console.log("The loop", turns ? "goes on" : "stands still");
  console.log("Checksum:", (await reading).slice(0, 8));
}

if (import.meta.main) await main();

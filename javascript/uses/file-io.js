// Save a download, read it piece by piece, write down its checksum.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function save(apiUrl, file) {
  const response = await fetch(`${apiUrl}/download?megabytes=4`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  // Piece by piece; each call waits in one of Node's own threads.
  await fs.writeFile(file, response.body ?? "");
}

export async function checksum(file) {
  const digest = createHash("sha256");
  for await (const piece of createReadStream(file))
    digest.update(piece);
  return digest.digest("hex");
}

export async function heartbeat(reading) {
  let beats = 0;
  while ((await Promise.race([reading, "not yet"])) === "not yet") {
    beats += 1;
    await sleep(1);
  }
  return beats;
}

export async function main(apiUrl = API_URL) {
  // The folder goes when the block ends, and all files in it.
  await using folder = await fs.mkdtempDisposable(
    join(tmpdir(), "io-"),
  );
  const file = join(folder.path, "download");
  await save(apiUrl, file);

  const reading = checksum(file);
  const beats = await heartbeat(reading);
  console.log("The heart", beats > 0 ? "beats on" : "stops");

  const note = `${file}.sha256`;
  await fs.writeFile(note, await reading);
  const written = await fs.readFile(note, "utf8");
  console.log("Written down:", written.slice(0, 8));
}

if (import.meta.main) await main();

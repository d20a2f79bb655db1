import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import {
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { mockApi, printed, runNode } from "../helpers.js";
import { checksum, main, save, turnsUntil } from "./file-io.js";

const DOWNLOAD = `${"async ".repeat(10922)}loop`.repeat(64);
const posix = {
  skip: process.platform === "win32" && "Windows has no such files",
};

/** @param {string} text */
const sha256 = (text) =>
  createHash("sha256").update(text).digest("hex");

/** A folder of the test's own. @param {import("node:test").TestContext} t */
async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), "test-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/**
 * Files in which nothing is to be read until somebody writes them.
 * @param {string} folder
 * @param {number} n
 */
function fifos(folder, n) {
  const all = Array.from({ length: n }, (_, i) =>
    join(folder, `fifo${i}`),
  );
  execFileSync("mkfifo", all);
  return all;
}

test("the program prints what it has saved and read", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    `Saved: ${DOWNLOAD.length} bytes\n` +
      "The loop goes on\n" +
      `Checksum: ${sha256(DOWNLOAD).slice(0, 8)}\n`,
  );
  const [entry] = await api.log();
  assert.equal(entry.path, "/download");
  assert.equal(entry.ending, "completed");
});

test("what is saved is what was sent", async (t) => {
  const api = await mockApi(t);
  const folder = await folderFor(t);
  await save(api.url, join(folder, "saved"));
  assert(DOWNLOAD === (await readFile(join(folder, "saved"), "utf8")));
  assert.deepEqual(await readdir(folder), ["saved"]);
});

test("a read that waits does not stop the loop", posix, async (t) => {
  const [fifo] = fifos(await folderFor(t), 1);
  // If the read blocks, only another process can end it.
  const code = `
    import { writeFile } from "node:fs/promises";
    import { setImmediate as turn } from "node:timers/promises";
    import { checksum, turnsUntil } from "./uses/file-io.js";
    const fifo = ${JSON.stringify(fifo)};
    const reading = checksum(fifo);
    const turns = turnsUntil(reading);
    for (let i = 0; i < 100; i++) await turn();
    console.log(await Promise.race([reading, "not yet"]));
    await writeFile(fifo, "At last");
    console.log(await reading);
    console.log((await turns) >= 100);`;
  const ended = await runNode(["--input-type=module", "-e", code]);
  assert.equal(ended.stdout, `not yet\n${sha256("At last")}\ntrue\n`);
});

test("a blocking call shows as no turn", async (t) => {
  const file = join(await folderFor(t), "saved");
  await writeFile(file, DOWNLOAD);
  const readHere = async () => sha256(readFileSync(file, "utf8"));
  const reading = readHere();
  assert.equal(await turnsUntil(reading), 0);
  assert.equal(await reading, await checksum(file));
});

/**
 * Wait for what another thread does.
 * @param {() => boolean} happened
 */
async function until(happened) {
  const limit = AbortSignal.timeout(30_000);
  while (!happened()) {
    limit.throwIfAborted();
    await turn();
  }
}

/**
 * Let `fetch` give a body that the test writes.
 * @param {import("node:test").TestContext} t
 */
function answering(t) {
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let body;
  const stream = new ReadableStream({
    start: (controller) => {
      body = controller;
    },
  });
  t.mock.method(globalThis, "fetch", async () => new Response(stream));
  return {
    /** @param {string} piece */
    send: (piece) => body.enqueue(new TextEncoder().encode(piece)),
    end: () => body.close(),
    cut: () => body.error(new TypeError("terminated")),
  };
}

test("a piece is written when it comes", async (t) => {
  const folder = await folderFor(t);
  const [file, part] = ["saved", "saved.part"].map((name) =>
    join(folder, name),
  );
  const piece = "a".repeat(100_000);
  const body = answering(t);
  body.send(piece);
  const saving = save("", file);
  await until(
    () => existsSync(part) && statSync(part).size >= piece.length,
  );
  assert.equal(await readFile(part, "utf8"), piece);
  assert(!existsSync(file));
  body.send("b");
  body.end();
  await saving;
  assert.equal(await readFile(file, "utf8"), `${piece}b`);
  assert.deepEqual(await readdir(folder), ["saved"]);
});

test("a cut download leaves the old file", async (t) => {
  const folder = await folderFor(t);
  const file = join(folder, "saved");
  await writeFile(file, "the old one");
  const body = answering(t);
  body.send("half");
  const saving = save("", file);
  await until(() => existsSync(`${file}.part`));
  body.cut();
  await assert.rejects(saving, /terminated/);
  assert.deepEqual(await readdir(folder), ["saved"]);
  assert.equal(await readFile(file, "utf8"), "the old one");
});

test("an error of the server is not saved", async (t) => {
  const api = await mockApi(t);
  const folder = await folderFor(t);
  await api.fail("/download", [503]);
  await assert.rejects(save(api.url, join(folder, "saved")), {
    message: "HTTP 503",
  });
  assert.deepEqual(await readdir(folder), []);
});

/** @param {string} url */
const program = (url) => [
  "--input-type=module",
  "-e",
  `import { main } from "./uses/file-io.js"; await main("${url}");`,
];

test("the folder goes with its block", async (t) => {
  const folder = await folderFor(t);
  const env = { TMPDIR: folder, TEMP: folder };
  const api = await mockApi(t);
  assert.equal((await runNode(program(api.url), env)).code, 0);
  assert.deepEqual(await readdir(folder), []);

  await api.drop("/download");
  const { code, stderr } = await runNode(program(api.url), env);
  assert.equal(code, 1);
  assert.match(stderr, /TypeError: fetch failed/);
  assert.deepEqual(await readdir(folder), []);
});

test("Ctrl-C and the folder", posix, async (t) => {
  const folder = await folderFor(t);
  const api = await mockApi(t);
  await api.hold("/download");
  const node = spawn(process.execPath, program(api.url), {
    cwd: join(import.meta.dirname, ".."),
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exit = once(node, "exit");
  const said = text(node.stderr);
  await api.saw("GET /download");
  assert.equal((await readdir(folder)).length, 1);
  node.kill("SIGINT");
  assert.deepEqual(await exit, [null, "SIGINT"]);
  assert.equal(await said, "");
  // It is still there.
  assert.equal((await readdir(folder)).length, 1);
});

// What the language does, without the program.

test("a blocking read stops the loop", posix, async (t) => {
  const [file] = fifos(await folderFor(t), 1);
  const turned = new Int32Array(new SharedArrayBuffer(4));
  // A turn of the loop would say so before the writer gives up.
  const feeder = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     const { file, turned } = workerData;
     parentPort.postMessage(Atomics.wait(turned, 0, 0, 50));
     require("node:fs").writeFileSync(file, "At last");`,
    { eval: true, workerData: { file, turned } },
  );
  const exit = once(feeder, "exit");
  const message = once(feeder, "message");
  await once(feeder, "online");
  setImmediate(() => {
    Atomics.store(turned, 0, 1);
    Atomics.notify(turned, 0);
  });
  assert.equal(readFileSync(file, "utf8"), "At last");
  assert.deepEqual(await message, ["timed-out"]);
  await exit;
});

// JavaScript only: Python's pool has another size.
test("four reads that wait keep a fifth waiting", posix, async (t) => {
  const folder = await folderFor(t);
  const four = fifos(folder, 4);
  const code = `
    import { lookup } from "node:dns/promises";
    import { readFile, writeFile } from "node:fs/promises";
    import { writeFileSync } from "node:fs";
    import { setImmediate as turn } from "node:timers/promises";
    const four = ${JSON.stringify(four)};
    const waiting = four.map((fifo) => readFile(fifo));
    const others = Promise.all([
      readFile("../package.json").then(() => console.log("a fifth file")),
      lookup("localhost").then(() => console.log("a host name")),
    ]);
    if (process.env.UV_THREADPOOL_SIZE) await others;
    else for (let i = 0; i < 1000; i++) await turn();
    console.log("the four");
    for (const fifo of four) writeFileSync(fifo, "At last");
    await Promise.all([...waiting, others]);`;
  const module = ["--input-type=module", "-e", code];
  const usual = (await runNode(module)).stdout.split("\n");
  assert.equal(usual[0], "the four");
  assert.equal(usual.length, 4);
  const env = { UV_THREADPOOL_SIZE: "6" };
  const more = (await runNode(module, env)).stdout.split("\n");
  assert.equal(more[2], "the four");
});

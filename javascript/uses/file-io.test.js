import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { mockApi, printed, runNode } from "../helpers.js";
import { checksum, main, save } from "./file-io.js";

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
 * A file to read that has nothing to read yet. A thread waits until the loop
 * says that it turns, `limit` milliseconds at most, before it writes; then it
 * tells how it got on.
 * @param {string} folder
 * @param {number} limit
 */
async function fed(folder, limit) {
  const file = join(folder, "fifo");
  execFileSync("mkfifo", [file]);
  const turned = new Int32Array(new SharedArrayBuffer(4));
  const feeder = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     const { file, turned, limit } = workerData;
     parentPort.postMessage(Atomics.wait(turned, 0, 0, limit));
     require("node:fs").writeFileSync(file, "At last");`,
    { eval: true, workerData: { file, turned, limit } },
  );
  const ended = once(feeder, "exit");
  const told = once(feeder, "message").then(async ([how]) => {
    await ended;
    return how;
  });
  await once(feeder, "online");
  const turn = () => {
    Atomics.store(turned, 0, 1);
    Atomics.notify(turned, 0);
  };
  return { file, turn, told };
}

test("the checksum is written down", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    `The heart beats on\nWritten down: ${sha256(DOWNLOAD).slice(0, 8)}\n`,
  );
  const [entry] = await api.log();
  assert.equal(entry.path, "/download");
  assert.equal(entry.ending, "completed");
});

test("what is saved is what was sent", async (t) => {
  const api = await mockApi(t);
  const file = join(await folderFor(t), "saved");
  await save(api.url, file);
  assert(DOWNLOAD === (await readFile(file, "utf8")));
});

test("a read that waits does not stop the loop", posix, async (t) => {
  const { file, turn, told } = await fed(await folderFor(t), 10_000);
  setImmediate(turn);
  assert.equal(await checksum(file), sha256("At last"));
  assert.notEqual(await told, "timed-out");
});

test("a blocking read stops the loop", posix, async (t) => {
  const { file, turn, told } = await fed(await folderFor(t), 50);
  setImmediate(turn);
  assert.equal(readFileSync(file, "utf8"), "At last");
  assert.equal(await told, "timed-out");
});

test("no file is left", async (t) => {
  const folder = await folderFor(t);
  const api = await mockApi(t);
  const run = () =>
    runNode(
      [
        "-e",
        `import { main } from "./uses/file-io.js";
         await main("${api.url}");`,
      ],
      { TMPDIR: folder, TEMP: folder },
    );
  assert.equal((await run()).code, 0);
  assert.deepEqual(await readdir(folder), []);

  await api.drop("/download");
  const { code, stderr } = await run();
  assert.equal(code, 1);
  assert.match(stderr, /TypeError: fetch failed/);
  assert.deepEqual(await readdir(folder), []);
});

// JavaScript only: Python's pool has another size.
test(
  "the pool has four threads unless told otherwise",
  posix,
  async (t) => {
    const folder = await folderFor(t);
    const fifos = ["1", "2", "3", "4"].map((name) =>
      join(folder, name),
    );
    execFileSync("mkfifo", fifos);
    const code = `
    import { writeFileSync } from "node:fs";
    import { setImmediate as turn } from "node:timers/promises";
    import { checksum } from "./uses/file-io.js";
    const fifos = ${JSON.stringify(fifos)};
    const waiting = fifos.map(checksum);
    const fifth = checksum("../package.json").then(() => {
      console.log("the fifth");
    });
    if (process.env.UV_THREADPOOL_SIZE) await fifth;
    else for (let i = 0; i < 1000; i++) await turn();
    console.log("the four");
    for (const fifo of fifos) writeFileSync(fifo, "At last");
    await Promise.all([...waiting, fifth]);`;
    const four = await runNode(["-e", code]);
    assert.equal(four.stdout, "the four\nthe fifth\n");
    const five = await runNode(["-e", code], {
      UV_THREADPOOL_SIZE: "5",
    });
    assert.equal(five.stdout, "the fifth\nthe four\n");
  },
);

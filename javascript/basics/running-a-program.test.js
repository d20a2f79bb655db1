import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { mockApi, runNode, running } from "../helpers.js";
import { main } from "./running-a-program.js";

const PROGRAM = "basics/running-a-program.js";

/** Start the program, and return when both requests have arrived. */
async function start(api) {
  await api.hold("*");
  const process = runNode([PROGRAM], { API_URL: api.url });
  await api.saw("GET /posts");
  await api.saw("GET /users/2");
  return { process };
}

// JavaScript only: asyncio.run cancels what is left when main ends.
test("unfinished work runs to its end", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const code = `
    import { main } from "./basics/running-a-program.js";
    await main("${api.url}");
    await fetch("${api.url}/data"); // main has ended`;
  const process = runNode(["-e", code]);
  await api.saw("GET /posts");
  await api.release("/users/2");
  await api.saw("GET /data");
  await api.release("/data");
  await api.ended("GET /data");
  await api.release("/posts");
  assert.deepEqual(await process, {
    code: 0,
    stdout:
      "Posts: asking\n" +
      "Hello, Grace\n" +
      "main ends\n" +
      "Posts: 10\n" +
      "Posts: cleaned up\n",
    stderr: "",
  });
  assert.deepEqual(await api.endings(), {
    "/posts": "completed",
    "/users/2": "completed",
    "/data": "completed",
  });
});

test("a failure of main ends the program", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/2", [500]);
  const { process } = await start(api);
  await api.release("/users/2");
  const ended = await process;
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /Error: HTTP 500/);
  // No finally has run.
  assert.equal(ended.stdout, "Posts: asking\n");
  assert.deepEqual(await api.endings(), {
    "/posts": "client hung up",
    "/users/2": "completed",
  });
});

test("work that ends before main is complete", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  await api.saw("GET /users/2");
  await api.release("/posts");
  await program.prints("Posts: cleaned up\n");
  await api.release("/users/2");
  await program.done;
  assert.deepEqual(program.lines, [
    "Posts: asking",
    "Posts: 10",
    "Posts: cleaned up",
    "Hello, Grace",
    "main ends",
  ]);
});

test("work that fails says so itself", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [500]);
  await api.hold("/users/2");
  const program = running(() => main(api.url));
  await program.prints("Posts: cleaned up\n");
  await api.release("/users/2");
  await program.done;
  assert.equal(program.lines[1], "Posts: failed: HTTP 500");
  assert.deepEqual(program.lines.slice(-2), [
    "Hello, Grace",
    "main ends",
  ]);
});

// What the language does, without the program.

// JavaScript only: a Python program would wait for ever.
test("an await that nothing can end exits with 13", async () => {
  const code = `
    try {
      await new Promise(() => {});
    } finally {
      console.log("cleaned up");
    }`;
  const ended = await runNode(["-e", code]);
  assert.equal(ended.code, 13);
  assert.equal(ended.stdout, "");
  assert(
    ended.stderr.startsWith(
      "Warning: Detected unsettled top-level await at ",
    ),
  );
});

// JavaScript only: Python does not go on after main at all.
test("a pending promise alone keeps nothing alive", async () => {
  const code = `
    new Promise(() => {}).then(() => console.log("settled"));
    setTimeout(() => console.log("a timer"), 5);
    console.log("the end of the module");`;
  assert.deepEqual(await runNode(["-e", code]), {
    code: 0,
    stdout: "the end of the module\na timer\n",
    stderr: "",
  });
});

test("exit codes", async () => {
  const failed = await runNode([
    "-e",
    "async function main() { throw new Error('no luck'); }" +
      "await main();",
  ]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^Error: no luck$/m);

  const cleanup = "finally { console.log('cleaned up'); }";
  assert.deepEqual(
    await runNode(["-e", `try { process.exit(3); } ${cleanup}`]),
    { code: 3, stdout: "", stderr: "" },
  );
  assert.deepEqual(
    await runNode(["-e", `try { process.exitCode = 3; } ${cleanup}`]),
    { code: 3, stdout: "cleaned up\n", stderr: "" },
  );
});

// JavaScript only: Python cancels main and waits for its cleanup.
test("Ctrl+C ends the process on the spot", async () => {
  const code = `
    process.on("exit", () => console.log("exit"));
    try {
      process.kill(process.pid, "SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 5000));
    } finally {
      console.log("cleaned up");
    }`;
  const { stdout, stderr } = await runNode(["-e", code]);
  assert.deepEqual({ stdout, stderr }, { stdout: "", stderr: "" });
});

// JavaScript only: Python cancels main, without a handler of your own.
test("a handler of SIGINT can abort the work", async () => {
  // Windows cannot send the signal, so we call the handler ourselves.
  const code = `
    import { setTimeout as sleep } from "node:timers/promises";
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    setImmediate(() => process.emit("SIGINT"));
    try {
      await sleep(60_000, null, { signal: stop.signal });
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      console.log(error.name);
    } finally {
      console.log("cleaned up");
    }`;
  assert.deepEqual(await runNode(["-e", code]), {
    code: 0,
    stdout: "AbortError\ncleaned up\n",
    stderr: "",
  });
});

test("await at the top level", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "top-level-"));
  t.after(() => rm(folder, { recursive: true }));
  const code = "await null; console.log('awaited');";
  for (const name of ["module.mjs", "program.js", "old.cjs"]) {
    await writeFile(join(folder, name), code);
  }
  const run = (/** @type {string} */ name) =>
    runNode([join(folder, name)]);
  for (const name of ["module.mjs", "program.js"]) {
    const { stdout } = await run(name);
    assert.equal(stdout, "awaited\n", name);
  }
  // Now program.js is a script as well.
  const kind = JSON.stringify({ type: "commonjs" });
  await writeFile(join(folder, "package.json"), kind);
  for (const name of ["program.js", "old.cjs"]) {
    const ended = await run(name);
    assert.equal(ended.code, 1);
    assert(
      ended.stderr.includes(
        "SyntaxError: await is only valid in async functions " +
          "and the top level bodies of modules",
      ),
    );
  }
});

// JavaScript only: Python has one kind of module.
test("import and require each belong to one kind of module", async () => {
  for (const [kind, code, text] of [
    [
      "commonjs",
      'import fs from "node:fs";',
      "SyntaxError: Cannot use import statement outside a module",
    ],
    [
      "module",
      'const fs = require("node:fs");',
      "ReferenceError: require is not defined in ES module scope, " +
        "you can use import instead",
    ],
  ]) {
    const ended = await runNode([`--input-type=${kind}`, "-e", code]);
    assert.equal(ended.code, 1);
    assert(ended.stderr.includes(text), ended.stderr);
  }
});

// JavaScript only: Python's main begins when asyncio.run is called.
test("main begins before the lines below its call", async () => {
  const code = `
    main();
    async function main() {
      console.log(url);
    }
    const url = "http://127.0.0.1:8000";`;
  const ended = await runNode(["-e", code]);
  assert.equal(ended.code, 1);
  assert(
    ended.stderr.includes(
      "ReferenceError: Cannot access 'url' before initialization",
    ),
  );
});

// JavaScript only: Python can block until a loop has run to its end.
test("code that does not await cannot wait for a promise", async () => {
  let settled = false;
  const promise = Promise.resolve().then(() => {
    settled = true;
  });
  // This blocks the thread, and the event loop with it.
  const cell = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(cell, 0, 0, 10);
  assert.equal(settled, false);
  await promise;
  assert.equal(settled, true);
});

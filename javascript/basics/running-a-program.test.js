import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "node:vm";

import { mockApi, runNode } from "../helpers.js";

// JavaScript only: asyncio.run cancels what is left when main ends.
test("unfinished work runs to its end", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  await api.hold("/users/2");
  const code = `
    import { main } from "./basics/running-a-program.js";
    await main("${api.url}");
    await fetch("${api.url}/data"); // main has ended`;
  const process = runNode(["-e", code]);
  await api.saw("GET /posts");
  await api.release("/users/2");
  await api.saw("GET /data");
  await api.release("/posts");
  assert.deepEqual(await process, {
    code: 0,
    stdout:
      "Posts: asking\n" +
      "Hello, Grace\n" +
      "main has ended\n" +
      "Posts: 10\n" +
      "Posts: cleaned up\n",
    stderr: "",
  });
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, ["completed", "completed", "completed"]);
});

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
  assert.match(
    ended.stderr,
    /^Warning: Detected unsettled top-level await at /,
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
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      console.log("cleaned up");
    }`;
  const { stdout, stderr } = await runNode(["-e", code]);
  assert.deepEqual({ stdout, stderr }, { stdout: "", stderr: "" });
});

test("await at the top level", async () => {
  const code = "await null; console.log('awaited');";
  const { stdout } = await runNode(["-e", code]);
  assert.equal(stdout, "awaited\n");
  assert.throws(() => new Script(code), {
    name: "SyntaxError",
    message:
      "await is only valid in async functions " +
      "and the top level bodies of modules",
  });
});

// JavaScript only: Python can block until a loop has run to its end.
test("code that does not await cannot wait", async () => {
  let settled = false;
  const promise = Promise.resolve().then(() => {
    settled = true;
  });
  for (let turn = 0; turn < 1_000; turn += 1) assert(!settled);
  await promise;
  assert(settled);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, runNode, running } from "../helpers.js";
import { main, save } from "./lazy-or-eager.js";

test("the call returns before the work is done", async (t) => {
  const api = await mockApi(t);
  const program = running(() => main(api.url));
  await program.done;
  await api.ended("POST /posts", 2); // main does not wait for it
  assert.deepEqual(program.lines, [
    "Calling save",
    '  save begins: "First"',
    "The call has returned",
    "Saved as post 11",
    "Calling save without await",
    '  save begins: "Second"',
    "main ends",
  ]);
});

// JavaScript only: Python does not send the second post.
test("the API sees two posts", async (t) => {
  const api = await mockApi(t);
  const program = running(() => main(api.url));
  await program.done;
  await api.ended("POST /posts", 2);
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => [entry.method, entry.status]),
    [
      ["POST", 201],
      ["POST", 201],
    ],
  );
});

// JavaScript only: Python does not send the second post.
test("main does not wait for the second save", async (t) => {
  const api = await mockApi(t);
  const { fetch } = globalThis;
  const asked = t.mock.method(globalThis, "fetch");
  /** @type {PromiseWithResolvers<void>} */
  const released = Promise.withResolvers();
  const later = async (
    /** @type {Parameters<typeof fetch>} */ ...args
  ) => {
    await released.promise;
    return fetch(...args);
  };
  asked.mock.mockImplementationOnce(later, 1);
  const program = running(() => main(api.url));
  await program.done;
  assert.equal((await api.log()).length, 1);
  released.resolve();
  await api.ended("POST /posts", 2);
});

test("a refused post is an error", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [503]);
  t.mock.method(console, "log", () => {});
  await assert.rejects(save(api.url, "Refused"), /HTTP 503/);
});

// What the language does, without the program.

// JavaScript only: a Python call runs nothing.
test("a call runs up to its first await", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  let saving;
  const program = running(async () => {
    saving = save(api.url, "First");
    console.log("called");
  });
  assert.equal(program.output, '  save begins: "First"\ncalled\n');
  // The request leaves, although nobody awaits the call yet.
  await api.saw("POST /posts");
  await api.release("/posts");
  assert.equal(await saving, 11);
});

// JavaScript only: Python warns, and does not do it.
test("a forgotten await is done all the same", async (t) => {
  const api = await mockApi(t);
  const { code, stdout, stderr } = await runNode([
    "--eval",
    `import { save } from "./basics/lazy-or-eager.js";
     save("${api.url}", "Forgotten");
     console.log("the end");`,
  ]);
  assert.equal(code, 0);
  assert.equal(stdout, '  save begins: "Forgotten"\nthe end\n');
  assert.equal(stderr, "");
  const [post] = await api.log();
  assert.deepEqual([post.status, post.ending], [201, "completed"]);
});

// JavaScript only: in Python there is nothing that could go on.
test("the forgotten call outlives its caller", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  const program = running(async () => {
    // biome-ignore lint/nursery/noFloatingPromises: the forgotten await
    save(api.url, "Forgotten");
  });
  await program.done;
  await api.saw("POST /posts");
  const [post] = await api.log({ settled: false });
  assert.equal(post.ending, null);
  await api.release("/posts");
  await api.ended("POST /posts");
});

// JavaScript only: in Python there is nothing that can fail.
test("a forgotten await that fails ends the process", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [503]);
  const { code, stderr } = await runNode([
    "--eval",
    `import { save } from "./basics/lazy-or-eager.js";
     try {
       save("${api.url}", "Forgotten");
     } catch {}`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: HTTP 503/);
});

test("without await you hold no result", async (t) => {
  const api = await mockApi(t);
  t.mock.method(console, "log", () => {});
  /** @type {any} a type checker would refuse the next lines */
  const answer = save(api.url, "Second");
  assert.equal(`Post ${answer}`, "Post [object Promise]");
  assert.equal(Boolean(answer), true);
  assert.equal(answer + 1, "[object Promise]1");
  assert.equal(answer.id, undefined);
  await answer;

  const source = `const save = async () => { await null; };
    console.log(save());`;
  const { stdout } = await runNode(["--eval", source]);
  assert.equal(stdout, "Promise { <pending> }\n");
});

// JavaScript only: Python checks them at the call.
test("wrong arguments pass unnoticed, or reject", async () => {
  const getPost = async (id = missing()) => id;
  const missing = () => {
    throw new TypeError("an id is needed");
  };
  // @ts-expect-error: only a type checker notices
  assert.equal(await getPost(1, "too many"), 1);
  const call = getPost(); // does not throw
  await assert.rejects(call, { message: "an id is needed" });
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, runNode, running } from "../helpers.js";
import { main, newest, save } from "./lazy-or-eager.js";

test("each step is printed when it happens", async (t) => {
  const api = await mockApi(t);
  const program = running(() => main(api.url));
  await program.done;
  await api.log(); // nobody else waits for the second post
  assert.deepEqual(program.lines.slice(0, -1), [
    "Calling save",
    '  save begins: "First"',
    "The call has returned",
    "Saved as post 11",
    "Calling save without await",
    '  save begins: "Second"',
  ]);
});

test("the API tells who saved", async (t) => {
  const api = await mockApi(t);
  await printed(() => main(api.url));
  const methods = (await api.log()).map((entry) => entry.method);
  assert.deepEqual(methods.sort(), ["GET", "POST", "POST"]);
  assert.equal(await newest(api.url), "Second");
});

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
  // The request has left, and nobody awaits the call yet.
  await api.saw("POST /posts");
  await api.release("/posts");
  assert.equal(await saving, 11);
});

// JavaScript only: in Python nothing is there to wait for.
test("main ends without the forgotten call", async (t) => {
  const forgotten = Promise.withResolvers();
  const answers = [{ id: 11 }, forgotten.promise, [{ title: "First" }]];
  const fetch = t.mock.method(globalThis, "fetch", async () =>
    Response.json(await answers.shift()),
  );
  const output = await printed(() => main("http://any"));
  assert.equal(fetch.mock.callCount(), 3);
  assert.match(output, /^Newest post: First$/m);
  forgotten.resolve({ id: 12 });
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
  assert.equal(post.status, 201);
  assert.equal(post.ending, "completed");
});

// JavaScript only: in Python the call itself raises a TypeError.
test("wrong arguments reject, or pass unnoticed", async () => {
  const refuse = () => {
    throw new TypeError("an id is needed");
  };
  const getPost = async (id = refuse()) => id;
  const call = getPost(); // does not throw
  await assert.rejects(call, { message: "an id is needed" });
  // @ts-expect-error: only a type checker notices
  assert.equal(await getPost(1, "too many"), 1);
});

// JavaScript only: Python needs a running loop to create a task.
test("any function can start async work", async (t) => {
  const api = await mockApi(t);
  t.mock.method(console, "log", () => {});
  let saving;
  function onTimer() {
    saving = save(api.url, "From a callback");
  }
  setTimeout(onTimer, 0);
  await api.saw("POST /posts");
  assert.equal(await saving, 11);
});

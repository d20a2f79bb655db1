import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, mockApi, printed, running } from "../helpers.js";
import { main } from "./feed-one-by-one.js";

const START =
  "(cached) Nothing blocks\n(cached) First post\nLoading…\n";
const POSTS = "Hello, loop\nStart first, wait later\nIs it done yet?\n";
const OLD_POSTS =
  "[no new posts] These are the posts of your last visit.\n";
const PATHS = [
  "/posts",
  "/notifications",
  "/users/1/picture",
  "/users/2/picture",
  "/users/3/picture",
];

test("never more than one request is in flight", async (t) => {
  const api = await mockApi(t);
  await api.delay("*", 0.05);
  assert.equal(
    await printed(() => main(api.url)),
    `${START}${POSTS}[news] 3\n` +
      "[picture] Ada\n[picture] Grace\n[picture] Alan\n" +
      "Loading has ended.\n",
  );
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => [entry.path, entry.inFlight]),
    PATHS.map((path) => [path, 1]),
  );
});

test("a slow part holds up all that follow", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  await api.saw("GET /posts");
  assert.equal(program.output, START);
  await api.release("/posts");
  await api.saw("GET /notifications");
  assert.equal(program.output, START + POSTS);
  await api.release("/notifications");
  await api.saw("GET /users/1/picture");
  assert.equal(program.output, `${START}${POSTS}[news] 3\n`);
  // Two of five requests have not been sent.
  assert.equal((await api.log({ settled: false })).length, 3);
  await api.release("*");
  await program.done;
  assert.match(program.output, /Alan\nLoading has ended\.\n$/);
});

test("a failed part costs only itself", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [500]);
  await api.drop("/notifications");
  await api.fail("/users/2/picture", [404]);
  await api.answer("/users/3/picture", { body: "<svg>", cut: 3 });
  assert.equal(
    await printed(() => main(api.url)),
    `${START}${OLD_POSTS}[no news]\n` +
      "[picture] Ada\n[no picture] Grace\n[no picture] Alan\n" +
      "Loading has ended.\n",
  );
});

test("an answer that cannot be read is no failed part", async (t) => {
  const api = await mockApi(t);
  await api.answer("/notifications", { body: "<html>" });
  const program = running(() => main(api.url));
  await assert.rejects(program.done, { name: "SyntaxError" });
});

test("the limits add up", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const time = clock(t);
  const program = running(() => main(api.url));
  // Five parts, three seconds each: the reader waits fifteen.
  for (const [index, path] of PATHS.entries()) {
    await api.saw(`GET ${path}`);
    await time.advance(2900);
    const log = await api.log({ settled: false });
    assert.equal(log.filter((e) => e.ending === null).length, 1);
    assert.equal(log.length, index + 1);
    await time.advance(100);
  }
  await program.done;
  assert.equal(program.output.split("[no ").length - 1, 5);
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual([...new Set(endings)], ["client hung up"]);
});

// What the language does, without the program.

// JavaScript only: httpx has a client that returns the answer itself.
test("fetch hands back a promise, never the answer", async (t) => {
  const api = await mockApi(t);
  const answer = fetch(`${api.url}/data`);
  assert(answer instanceof Promise);
  await (await answer).text();
  assert(!("XMLHttpRequest" in globalThis));
});

test("other work goes on meanwhile", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  const program = running(() => main(api.url));
  await api.saw("GET /posts");
  // This test is such other work, in the same thread.
  assert.equal(program.output, START);
  await api.release("/posts");
  await program.done;
  assert.notEqual(program.output, START);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, mockApi, printed, running } from "../helpers.js";
import { createPost, main, reach, titleOf } from "./web-requests.js";

const NOBODY = "http://127.0.0.1:2";

// First of all: the first `fetch` makes a timer that all others share.

// JavaScript only: httpx gives up after five seconds.
test("Node gives up after five minutes of silence", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const time = clock(t);
  const asked = fetch(`${api.url}/data`);
  asked.catch(() => {});
  await api.saw("GET /data");
  await time.advance(299_000);
  const [held] = await api.log({ settled: false });
  assert.equal(held.ending, null);
  await time.advance(3_000);
  await assert.rejects(asked, (/** @type {any} */ error) => {
    assert.equal(error.message, "fetch failed");
    assert.equal(error.cause.message, "Headers Timeout Error");
    return true;
  });
});

test("all six are reported", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Created: post 11\n" +
      "Post 1: First post\n" +
      "Post 999: no such post\n" +
      "Redirect: 200\n" +
      "Slow: TimeoutError\n" +
      "Dead server: TypeError\n",
  );
  const log = await api.log();
  assert.deepEqual(
    log.map((entry) => [entry.method, entry.path, entry.status]),
    [
      ["POST", "/posts", 201],
      ["GET", "/posts/1", 200],
      ["GET", "/posts/999", 404],
      ["GET", "/status/302", 302],
      ["GET", "/data", 200],
      ["GET", "/users/1", null],
    ],
  );
  assert.equal(log.at(-1)?.ending, "client hung up");
});

test("what was sent can be read back", async (t) => {
  const api = await mockApi(t);
  const postId = await createPost(api.url, "Sent and stored");
  assert.equal(await titleOf(api.url, postId), "Sent and stored");
});

test("a 500 is an error of the program", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [500]);
  await api.fail("/posts/1", [500]);
  await assert.rejects(createPost(api.url, "Never stored"), /HTTP 500/);
  await assert.rejects(titleOf(api.url, 1), /HTTP 500/);
});

test("the program gives up after a second", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  const time = clock(t);
  const program = running(() => main(api.url));
  await api.saw("POST /posts");
  await time.advance(999);
  const [held] = await api.log({ settled: false });
  assert.equal(held.ending, null);
  await time.advance(1);
  await assert.rejects(program.done, { name: "TimeoutError" });
  const [givenUp] = await api.log();
  assert.equal(givenUp.ending, "client hung up");
});

test("the limit holds for the body, too", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/weather/*");
  const time = clock(t);
  const fetched = t.mock.method(globalThis, "fetch");
  // What `titleOf` adds stands behind the #, so it is not sent.
  const title = titleOf(`${api.url}/feeds/weather#`, 1);
  title.catch(() => {});
  const response = await fetched.mock.calls[0].result;
  assert.equal(response?.status, 200);
  const [held] = await api.log({ settled: false });
  assert.equal(held.ending, null);
  await time.advance(1000);
  await assert.rejects(title, { name: "TimeoutError" });
  const [givenUp] = await api.log();
  assert.equal(givenUp.ending, "client hung up");
});

test("a dead server is an exception", async () => {
  await assert.rejects(fetch(NOBODY), (/** @type {any} */ error) => {
    assert(error instanceof TypeError);
    assert.equal(error.message, "fetch failed");
    const { cause } = /** @type {any} */ (error);
    assert.equal(cause.code, "ECONNREFUSED");
    assert.equal(cause.message, "connect ECONNREFUSED 127.0.0.1:2");
    return true;
  });
  assert.equal(await reach(NOBODY), "TypeError");
});

test("a connection dropped without an answer is an exception", async (t) => {
  const api = await mockApi(t);
  await api.drop("/data");
  await assert.rejects(
    fetch(`${api.url}/data`),
    (/** @type {any} */ error) => {
      assert.equal(error.message, "fetch failed");
      assert.equal(error.cause.message, "other side closed");
      return true;
    },
  );
  assert.equal(await reach(`${api.url}/data`), "TypeError");
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, ["dropped", "dropped"]);
});

// JavaScript only: httpx reads the body before it returns.
test("a body that nobody wants is given up", async (t) => {
  const api = await mockApi(t);
  clock(t);
  const url = `${api.url}/download?megabytes=64`;
  assert.equal(await reach(url), 200);
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
});

// What the clients do, without the program.

test("a 404 does not raise", async (t) => {
  const api = await mockApi(t);
  const response = await fetch(`${api.url}/posts/999`);
  assert.equal(response.status, 404);
  assert.equal(response.ok, false);
  await response.body?.cancel();
});

// JavaScript only: httpx follows redirects only when asked.
test("a redirect is followed unless refused", async (t) => {
  const api = await mockApi(t);
  const followed = await fetch(`${api.url}/status/302`);
  assert(followed.url.endsWith("/data"));
  await followed.body?.cancel();
  const refused = await fetch(`${api.url}/status/302`, {
    redirect: "manual",
  });
  assert.equal(refused.status, 302);
  await refused.body?.cancel();
  const paths = (await api.log()).map((entry) => entry.path);
  assert.deepEqual(paths, ["/status/302", "/data", "/status/302"]);
});

for (const [body, message] of [
  [
    "<!DOCTYPE html>\n<title>Out of order</title>",
    `Unexpected token '<', "<!DOCTYPE "... is not valid JSON`,
  ],
  ["", "Unexpected end of JSON input"],
]) {
  test(`what is not JSON is an error (${message})`, async (t) => {
    const api = await mockApi(t);
    await api.answer("/posts/1", { body });
    await assert.rejects(titleOf(api.url, 1), {
      name: "SyntaxError",
      message,
    });
  });
}

// JavaScript only: httpx keeps the body that it has read.
test("a body can be read once", async (t) => {
  const api = await mockApi(t);
  const response = await fetch(`${api.url}/data`);
  await response.json();
  await assert.rejects(response.json(), {
    name: "TypeError",
    message: "Body is unusable: Body has already been read",
  });
});

test("a path alone is no address", async (t) => {
  const api = await mockApi(t);
  await assert.rejects(fetch("/posts"), {
    name: "TypeError",
    message: "Failed to parse URL from /posts",
  });
  assert.deepEqual(await api.log(), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed } from "../helpers.js";
import {
  createPost,
  follow,
  knock,
  main,
  newestTitle,
  titleOf,
} from "./web-requests.js";

const NOBODY = "http://127.0.0.1:2";

test("all five are reported", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Newest: Hello, loop\n" +
      "Created: post 11\n" +
      "Post 999: no such post\n" +
      "Redirect: led to data\n" +
      "Dead server: nobody answers (TypeError)\n",
  );
});

test("what was sent can be read back", async (t) => {
  const api = await mockApi(t);
  const postId = await createPost(api.url, "Sent and stored");
  assert.equal(await titleOf(api.url, postId), "Sent and stored");
  assert.equal(await newestTitle(api.url), "Sent and stored");
});

test("a 404 does not raise", async (t) => {
  const api = await mockApi(t);
  const response = await fetch(`${api.url}/posts/999`);
  assert.equal(response.status, 404);
  assert.equal(response.ok, false);
  await response.body?.cancel();
});

test("a 500 is an error of the program", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts", [500, 500]);
  await assert.rejects(newestTitle(api.url), /HTTP 500/);
  await assert.rejects(createPost(api.url, "Never stored"), /HTTP 500/);
});

test("a dead server is an exception", async () => {
  await assert.rejects(fetch(NOBODY), (error) => {
    assert(error instanceof TypeError);
    assert.equal(error.message, "fetch failed");
    assert.equal(/** @type {any} */ (error.cause).code, "ECONNREFUSED");
    return true;
  });
  assert.equal(await knock(NOBODY), "nobody answers (TypeError)");
});

test("a connection dropped without an answer is an exception", async (t) => {
  const api = await mockApi(t);
  await api.drop("/posts");
  await assert.rejects(newestTitle(api.url), TypeError);
  const [entry] = await api.log();
  assert.equal(entry.ending, "dropped");
});

// JavaScript only: httpx follows redirects only when asked.
test("a redirect is followed unless refused", async (t) => {
  const api = await mockApi(t);
  assert.equal(await follow(api.url, "/status/302"), "data");
  const refused = await fetch(`${api.url}/status/302`, {
    redirect: "manual",
  });
  assert.equal(refused.status, 302);
  await refused.body?.cancel();
  const paths = (await api.log()).map((entry) => entry.path);
  assert.deepEqual(paths, ["/status/302", "/data", "/status/302"]);
});

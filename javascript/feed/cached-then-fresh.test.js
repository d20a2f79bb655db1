import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, running } from "../helpers.js";
import { Feed, getTitle, main, refresh } from "./cached-then-fresh.js";

const CACHED = "The slowest of three";
const OLDER = "Start first, wait later";
const NEWER = "Hello, loop";

test("the cached title is shown before any answer", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  await api.saw("GET /posts/*", 2);
  assert.deepEqual(program.lines, [`(cached) ${CACHED}`]);
  await api.release("*");
  await program.done;
});

test("a late answer does not overwrite a newer one", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts/9");
  const program = running(() => main(api.url));
  await program.prints(`(fresh) ${NEWER}`);
  await api.release("/posts/9");
  await program.done;
  assert.deepEqual(program.lines, [
    `(cached) ${CACHED}`,
    `(fresh) ${NEWER}`,
    `(too late) ${OLDER}`,
    `The feed shows: ${NEWER}`,
  ]);
});

test("an early answer is shown until a newer one comes", async (t) => {
  const api = await mockApi(t);
  const feed = new Feed();
  await api.hold("/posts/10");
  const output = await printed(async () => {
    const older = refresh(feed, `${api.url}/posts/9`);
    const newer = refresh(feed, `${api.url}/posts/10`);
    await older;
    assert.equal(feed.title, OLDER);
    await api.release("/posts/10");
    await newer;
  });
  assert.equal(feed.title, NEWER);
  assert.equal(output, `(fresh) ${OLDER}\n(fresh) ${NEWER}\n`);
});

test("a failed refresh changes nothing", async (t) => {
  const api = await mockApi(t);
  const feed = new Feed();
  await api.fail("/posts/10", [503]);
  await refresh(feed, `${api.url}/posts/10`);
  assert.equal(feed.title, CACHED);
  await api.answer("/posts/10", { body: "{}", cut: 1 });
  await refresh(feed, `${api.url}/posts/10`);
  assert.equal(feed.title, CACHED);
  await api.drop("/posts/10");
  await refresh(feed, `${api.url}/posts/10`);
  assert.equal(feed.title, CACHED);
});

test("an answer that is not JSON is no failed request", async (t) => {
  const api = await mockApi(t);
  await api.answer("/posts/10", { body: "<html>" });
  const asking = refresh(new Feed(), `${api.url}/posts/10`);
  await assert.rejects(asking, SyntaxError);
});

test("a newer refresh that fails outdates nothing", async (t) => {
  const api = await mockApi(t);
  const feed = new Feed();
  await api.hold("/posts/9");
  await api.fail("/posts/10", [503]);
  const output = await printed(async () => {
    const older = refresh(feed, `${api.url}/posts/9`);
    await api.saw("GET /posts/9");
    await refresh(feed, `${api.url}/posts/10`);
    await api.release("/posts/9");
    await older;
  });
  assert.equal(feed.title, OLDER);
  assert.equal(output, `(fresh) ${OLDER}\n`);
});

// What the language does, without the program.

test("unchecked the last answer to come wins", async (t) => {
  const api = await mockApi(t);
  const feed = new Feed();
  const unchecked = async (path) => {
    feed.title = await getTitle(api.url + path);
  };
  await api.hold("/posts/9");
  const older = unchecked("/posts/9");
  await api.saw("GET /posts/9");
  await unchecked("/posts/10");
  assert.equal(feed.title, NEWER);
  await api.release("/posts/9");
  await older;
  assert.equal(feed.title, OLDER);
});

test("only the last question counts", async (t) => {
  const api = await mockApi(t);
  let asked = 0;
  const shown = [];
  async function search(path) {
    asked += 1;
    const number = asked;
    const title = await getTitle(api.url + path);
    // Another question came meanwhile: nobody wants this answer.
    if (number === asked) shown.push(title);
  }
  await api.hold("/posts/10");
  const older = search("/posts/9");
  const newer = search("/posts/10");
  await older;
  assert.deepEqual(shown, []);
  await api.release("/posts/10");
  await newer;
  assert.deepEqual(shown, [NEWER]);
});

test("the older request hangs up when told", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts/9");
  const controller = new AbortController();
  const { signal } = controller;
  const older = fetch(`${api.url}/posts/9`, { signal });
  await api.saw("GET /posts/9");
  controller.abort();
  await assert.rejects(older, { name: "AbortError" });
  assert.equal(await getTitle(`${api.url}/posts/10`), NEWER);
  const endings = (await api.log()).map((e) => [e.path, e.ending]);
  assert.deepEqual(Object.fromEntries(endings), {
    "/posts/9": "client hung up",
    "/posts/10": "completed",
  });
});

// JavaScript only: httpx reads the body inside get.
test("an abort stops the reading of the body", async (t) => {
  const api = await mockApi(t);
  const controller = new AbortController();
  const { signal } = controller;
  const response = await fetch(`${api.url}/posts/9`, { signal });
  controller.abort();
  await assert.rejects(response.json(), { name: "AbortError" });
});

// JavaScript only: a cancelled task stops at its await.
test("an abort cannot stop an answer that is in", async (t) => {
  const api = await mockApi(t);
  const feed = new Feed();
  const controller = new AbortController();
  const { signal } = controller;
  const response = await fetch(`${api.url}/posts/9`, { signal });
  const answer = response.json();
  // Just between the answer and the line that shows it.
  answer.then(() => controller.abort());
  feed.title = (await answer).title;
  assert.equal(signal.aborted, true);
  assert.equal(feed.title, OLDER);
  const show = () => {
    signal.throwIfAborted();
  };
  assert.throws(show, { name: "AbortError" });
});

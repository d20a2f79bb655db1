import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, running } from "../helpers.js";
import { main } from "./social-feed.js";

const CACHED = ["Loading…", "(cached) Ada: The slowest of three"];

test("all five requests are in flight at once", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("*", 5);
  await printed(() => main(api.url));
  const log = await api.log();
  assert.equal(Math.max(...log.map((entry) => entry.inFlight)), 5);
  assert(log.every((entry) => entry.status === 200));
});

test("the cached feed is shown before any answer", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  await api.saw("GET /posts");
  await program.prints("(cached) Alan");
  assert.deepEqual(program.lines.slice(0, 2), CACHED);
  assert.equal(program.lines.length, 3);
  await api.release("*");
  await program.done;
});

test("pictures are shown in the order they arrive", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  for (const [authorId, name] of [
    [3, "Alan"],
    [1, "Ada"],
    [2, "Grace"],
  ]) {
    await api.release(`/users/${authorId}/picture`);
    await program.prints(`[picture] ${name}`);
  }
  await api.release("*");
  await program.done;
  assert.deepEqual(program.lines.slice(3, 6), [
    "[picture] Alan",
    "[picture] Ada",
    "[picture] Grace",
  ]);
});

test("a slow picture does not delay the others", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1/picture");
  const program = running(() => main(api.url));
  await program.prints("[picture] Grace");
  await program.prints("[picture] Alan");
  assert(!program.output.includes("[picture] Ada"));
  await api.release("/users/1/picture");
  await program.done;
  assert.equal(program.lines[5], "[picture] Ada");
});

test("a failing picture leaves the rest intact", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/2/picture", [503]);
  const lines = (await printed(() => main(api.url))).split("\n");
  assert.deepEqual(lines.slice(3, 6).sort(), [
    "[no picture] Grace",
    "[picture] Ada",
    "[picture] Alan",
  ]);
  assert.deepEqual(lines.slice(6), [
    "Ada: Hello, loop",
    "Grace: Start first, wait later",
    "Alan: Is it done yet?",
    "3 notifications",
    "",
  ]);
});

test("a dropped picture is a failing one", async (t) => {
  const api = await mockApi(t);
  await api.drop("/users/2/picture");
  const output = await printed(() => main(api.url));
  assert.match(output, /^\[no picture\] Grace$/m);
});

// JavaScript only: a failure in a TaskGroup cancels its siblings.
test("a failed feed leaves the pictures in flight", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*/picture");
  await api.hold("/posts");
  await api.fail("/posts", [500]);
  const program = running(() => main(api.url));
  await api.saw("GET /users/*/picture", 3);
  await api.release("/posts");
  await assert.rejects(program.done, /HTTP 500/);
  const inFlight = (await api.log({ settled: false })).filter(
    (entry) => entry.ending === null,
  );
  assert.equal(inFlight.length, 3);
  await api.release("/users/*/picture");
  await program.prints("[picture] Ada");
  await program.prints("[picture] Grace");
  await program.prints("[picture] Alan");
});

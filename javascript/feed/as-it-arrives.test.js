import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { mockApi, running } from "../helpers.js";
import { asCompleted, getPicture, main } from "./as-it-arrives.js";

const NAMES = ["Ada", "Grace", "Edsger"];

test("each picture is handled when it comes", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  for (const [authorId, name] of [
    [4, "Edsger"],
    [1, "Ada"],
    [2, "Grace"],
  ]) {
    await api.release(`/users/${authorId}/picture`);
    await program.prints(`[picture] ${name}`);
  }
  await api.release("*");
  await program.done;
  assert.deepEqual(program.lines, [
    "[picture] Edsger",
    "[picture] Ada",
    "[picture] Grace",
    "[no picture] Nobody",
    "That was the last one",
  ]);
});

test("all together come when the slowest is in", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/2/picture");
  const promises = NAMES.map((name) => getPicture(api.url, name));
  let done = false;
  const together = Promise.all(promises).finally(() => {
    done = true;
  });
  assert.equal(await promises[0], "[picture] Ada");
  assert.equal(await promises[2], "[picture] Edsger");
  await turn();
  assert.equal(done, false);
  await api.release("/users/2/picture");
  assert.deepEqual(await together, [
    "[picture] Ada",
    "[picture] Grace",
    "[picture] Edsger",
  ]);
});

test("a missing picture says whose it is", async (t) => {
  const api = await mockApi(t);
  await api.answer("/users/2/picture", { body: "half", cut: 2 });
  await api.drop("/users/9/picture");
  await api.fail("/users/4/picture", [503]);
  await api.hold("/users/1/picture");
  const program = running(() => main(api.url));
  for (const name of ["Grace", "Edsger", "Nobody"]) {
    await program.prints(`[no picture] ${name}\n`);
  }
  await api.release("*");
  await program.done;
  assert.equal(program.lines[3], "[picture] Ada");
});

// What the language does, without the program.

test("a failure costs one turn", async () => {
  const get = async (fails) => {
    if (fails) throw new RangeError();
    return "good";
  };
  const turns = [];
  for (const place of asCompleted([get(true), get(false)])) {
    try {
      turns.push(await place);
    } catch {
      turns.push("failed");
    }
  }
  assert.deepEqual(turns.sort(), ["failed", "good"]);
});

test("a failure waits for its turn", async () => {
  const failures = [1, 2].map(() => Promise.reject(new RangeError()));
  const places = asCompleted(failures);
  await turn(); // Node would have ended the process by now
  for (const place of places) await assert.rejects(place, RangeError);
});

test("what comes out is not what went in", async (t) => {
  const api = await mockApi(t);
  const promises = NAMES.map((name) => getPicture(api.url, name));
  for (const place of asCompleted(promises)) {
    assert(!promises.includes(place));
    assert((await Promise.all(promises)).includes(await place));
  }
});

test("nothing in, nothing out", () => {
  assert.deepEqual(asCompleted([]), []);
});

test("break does not stop the others", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1/picture");
  await api.hold("/users/4/picture");
  const promises = NAMES.map((name) => getPicture(api.url, name));
  for (const place of asCompleted(promises)) {
    assert.equal(await place, "[picture] Grace");
    break;
  }
  const log = await api.log({ settled: false });
  assert.equal(log.filter((e) => e.ending === null).length, 2);
  await api.release("*");
  await Promise.all(promises);
});

// JavaScript only: Python's async for takes no list.
test("for await keeps to the order of the list", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1/picture");
  const promises = ["Ada", "Grace"].map((name) =>
    getPicture(api.url, name),
  );
  await promises[1];
  const seen = [];
  const loop = (async () => {
    for await (const picture of promises) seen.push(picture);
  })();
  await turn();
  assert.deepEqual(seen, []);
  await api.release("/users/1/picture");
  await loop;
  assert.deepEqual(seen, ["[picture] Ada", "[picture] Grace"]);
});

// JavaScript only: Python's async for gives tasks, which fail later.
test("a failure ends a for await", async () => {
  const places = asCompleted([
    Promise.reject(new RangeError()),
    Promise.resolve("good"),
  ]);
  const seen = [];
  await assert.rejects(async () => {
    for await (const value of places) seen.push(value);
  }, RangeError);
  assert.deepEqual(seen, []);
  assert.equal(await places[1], "good");
});

test("a list that is still to come", async () => {
  const getPosts = async () => ["Hello, loop"];
  /** @type {any} a type checker would refuse the loop */
  const posts = getPosts();
  const loop = async () => {
    for await (const _ of posts) assert.fail();
  };
  await assert.rejects(loop, {
    name: "TypeError",
    message: "posts is not async iterable",
  });
  assert.deepEqual(await posts, ["Hello, loop"]);
});

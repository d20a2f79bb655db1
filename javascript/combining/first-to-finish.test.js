import assert from "node:assert/strict";
import { addAbortListener, getEventListeners, once } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { mockApi, printed, runNode } from "../helpers.js";
import { firstAnswer, main } from "./first-to-finish.js";

test("all mirrors are asked at once", async (t) => {
  const api = await mockApi(t);
  // Each waits until three requests are in flight: one by one, none answers.
  await api.rendezvous("/mirrors/*", 3);
  const output = await printed(() => main(api.url));
  assert.match(output, /^Asking 3 mirrors\nFirst answer: \w+\n$/);
  assert.equal((await api.log()).length, 3);
});

test("the quickest mirror is printed", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  await api.hold("/mirrors/lima");
  assert.equal(
    await printed(() => main(api.url)),
    "Asking 3 mirrors\nFirst answer: Pune\n",
  );
});

test("the first answer decides", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  await api.hold("/mirrors/pune");
  assert.equal(await firstAnswer(api.url), "Lima");
});

test("the losers are stopped before the answer is returned", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  await api.hold("/mirrors/lima");
  await firstAnswer(api.url);
  assert.deepEqual(await api.endings(), {
    "/mirrors/oslo": "client hung up",
    "/mirrors/lima": "client hung up",
    "/mirrors/pune": "completed",
  });
});

test("a failure can be the first", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  await api.hold("/mirrors/lima");
  await api.fail("/mirrors/pune", [503]);
  await assert.rejects(firstAnswer(api.url), /HTTP 503/);
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings.sort(), [
    "client hung up",
    "client hung up",
    "completed",
  ]);
});

test("it goes on only when the losers have ended", async (t) => {
  const clean = Promise.withResolvers();
  const stopped = Promise.withResolvers();
  // One loser ends at once when it is stopped, the other takes a while.
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (url === "/mirrors/pune") return Response.json({ city: "Pune" });
    await once(signal, "abort");
    stopped.resolve(undefined);
    if (url === "/mirrors/lima") await clean.promise;
    throw signal.reason;
  });
  const answer = firstAnswer("");
  await stopped.promise;
  assert.equal(
    await Promise.race([answer, turn("not yet")]),
    "not yet",
  );
  clean.resolve(undefined);
  assert.equal(await answer, "Pune");
});

test("a second failure is not reported as lost", async () => {
  const code = `
    import { firstAnswer } from "./combining/first-to-finish.js";
    globalThis.fetch = async (url) => {
      throw new Error(url);
    };
    await firstAnswer("").catch(() => console.log("one failure"));`;
  const module = ["--input-type=module", "-e", code];
  const stdout = "one failure\n";
  assert.deepEqual(await runNode(module), {
    code: 0,
    stdout,
    stderr: "",
  });
});

test("a failure in the clean up", async () => {
  const code = `
    import { firstAnswer } from "./combining/first-to-finish.js";
    globalThis.fetch = async (url, { signal }) => {
      if (url === "/mirrors/pune") return Response.json({ city: "Pune" });
      return new Promise((_, reject) => {
        const fail = () => reject(new Error(url));
        signal.addEventListener("abort", fail);
      });
    };
    console.log(await firstAnswer(""));`;
  const module = ["--input-type=module", "-e", code];
  const stdout = "Pune\n";
  assert.deepEqual(await runNode(module), {
    code: 0,
    stdout,
    stderr: "",
  });
});

// What the language does, without the program.

test("the losers keep running", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  const loser = fetch(`${api.url}/mirrors/oslo`);
  const winner = fetch(`${api.url}/mirrors/pune`);
  await Promise.race([loser, winner]);
  await (await winner).text();
  const log = await api.log({ settled: false });
  const held = log.filter((entry) => entry.ending === null);
  assert.deepEqual(
    held.map((entry) => entry.path),
    ["/mirrors/oslo"],
  );
  await api.release("/mirrors/oslo");
  assert.match(await (await loser).text(), /Oslo/);
});

test("two can be the first", async () => {
  const [a, b] = [Promise.withResolvers(), Promise.withResolvers()];
  const race = Promise.race([a.promise, b.promise]);
  b.resolve("b");
  a.resolve("a");
  assert.equal(await race, "b");
});

test("a long wait that is raced again and again", async () => {
  const code = `
    import { setImmediate as turn } from "node:timers/promises";
    const { promise: over, resolve } = Promise.withResolvers();
    const results = [];
    for (let n = 0; n < 100; n++) {
      const result = { n };
      results.push(new WeakRef(result));
      await Promise.race([over, Promise.resolve(result)]);
      await turn();
    }
    const kept = () => results.filter((result) => result.deref()).length;
    gc();
    console.log(kept());
    resolve();
    await turn();
    gc();
    console.log(kept());`;
  const ended = await runNode([
    "--expose-gc",
    "--input-type=module",
    "-e",
    code,
  ]);
  assert.equal(ended.stderr, "");
  const [kept, left] = ended.stdout.split("\n").map(Number);
  // Node 26 lets them go, but for the last.
  if (Number.parseInt(process.versions.node, 10) >= 26)
    assert(kept < 5);
  else assert.equal(kept, 100);
  assert(left < 5);
});

// JavaScript only: asyncio.wait takes its callbacks away.
test("a listener that leaves in place of a race", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  let stopped = 0;
  async function step() {
    using _listener = addAbortListener(signal, () => {
      stopped += 1;
    });
    await null;
  }
  for (let n = 0; n < 100; n++) await step();
  assert.equal(getEventListeners(signal, "abort").length, 0);
  const last = step();
  stop.abort();
  await last;
  assert.equal(stopped, 1);
});

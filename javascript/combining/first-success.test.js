import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { inspect } from "node:util";

import {
  done,
  mockApi,
  printed,
  reported,
  running,
} from "../helpers.js";
import { firstSuccess, main } from "./first-success.js";

test("all mirrors are asked together", async (t) => {
  const api = await mockApi(t);
  // Each waits for three in flight: one by one, none is answered.
  await api.rendezvous("/mirrors/*", 3);
  const city = await firstSuccess(api.url, ["lima", "oslo", "pune"]);
  assert(["Lima", "Oslo", "Pune"].includes(city), city);
  assert.equal((await api.log()).length, 3);
});

test("what the program prints", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  assert.equal(
    await printed(() => main(api.url)),
    "No success: 2 failures\nFirst success: Lima\n",
  );
});

test("a failure does not decide", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/lima");
  await api.hold("/mirrors/oslo");
  const program = running(() => main(api.url));
  await api.ended("/mirrors/rome");
  await api.saw("GET /mirrors/lima");
  await api.saw("GET /mirrors/oslo");
  assert.equal(program.output, "No success: 2 failures\n");
  await api.release("/mirrors/lima");
  await program.done;
  assert.equal(program.lines[1], "First success: Lima");
});

test("two failures do not decide", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  // No answer at all is a failure, too.
  await api.drop("/mirrors/pune");
  await api.fail("/mirrors/lima", [503]);
  const asking = firstSuccess(api.url, ["lima", "pune", "oslo"]);
  await api.ended("/mirrors/lima");
  await api.ended("/mirrors/pune");
  await api.saw("GET /mirrors/oslo");
  assert.equal(await done(asking), false);
  await api.release("/mirrors/oslo");
  assert.equal(await asking, "Oslo");
});

test("the losers are stopped before the answer is returned", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/*");
  const asking = firstSuccess(api.url, ["lima", "oslo"]);
  await api.saw("GET /mirrors/oslo");
  await api.release("/mirrors/lima");
  assert.equal(await asking, "Lima");
  const ended = await api.endings();
  assert.equal(ended["/mirrors/lima"], "completed");
  assert.equal(ended["/mirrors/oslo"], "client hung up");
});

test("it goes on only when the losers have ended", async (t) => {
  const clean = Promise.withResolvers();
  const stopped = Promise.withResolvers();
  // One loser ends when it is stopped, the other takes a while.
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (url === "/mirrors/lima") return Response.json({ city: "Lima" });
    await once(signal, "abort");
    stopped.resolve(undefined);
    if (url === "/mirrors/oslo") await clean.promise;
    throw signal.reason;
  });
  const answer = firstSuccess("", ["lima", "oslo", "pune"]);
  await stopped.promise;
  assert.equal(await done(answer), false);
  clean.resolve(undefined);
  assert.equal(await answer, "Lima");
});

test("if all fail, every failure is there", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/bonn");
  await api.drop("/mirrors/nice");
  const asking = firstSuccess(api.url, ["bonn", "nice"]);
  asking.catch(() => {});
  await api.ended("/mirrors/nice");
  await api.saw("GET /mirrors/bonn");
  // Somebody could still succeed.
  assert.equal(await done(asking), false);
  await api.release("/mirrors/bonn");
  await assert.rejects(asking, (error) => {
    assert(error instanceof AggregateError);
    const text = "AggregateError: All promises were rejected";
    assert.equal(String(error), text);
    // In the order of the list, not in which they came.
    const [bonn, nice] = error.errors;
    assert.equal(bonn.message, "HTTP 404");
    assert.equal(String(nice), "TypeError: fetch failed");
    return true;
  });
});

test("several that end in one turn", async (t) => {
  t.mock.method(globalThis, "fetch", async (url) => {
    if (url === "/mirrors/lima") return Response.json({ city: "Lima" });
    throw new TypeError("fetch failed");
  });
  const others = Array.from({ length: 20 }, (_, n) => `mirror ${n}`);
  assert.equal(await firstSuccess("", [...others, "lima"]), "Lima");
  assert.equal(await firstSuccess("", ["lima", ...others]), "Lima");
});

test("failures before a success are not reported", async (t) => {
  const reports = reported(t);
  t.mock.method(globalThis, "fetch", async (url) => {
    if (!url.endsWith("rome")) await turn();
    if (url.endsWith("lima")) return Response.json({ city: "Lima" });
    throw new Error(url);
  });
  // One fails before the success, two fail with it.
  const mirrors = ["rome", "bonn", "lima", "nice"];
  assert.equal(await firstSuccess("", mirrors), "Lima");
  await turn();
  assert.deepEqual(reports, []);
});

test("a loser that fails while it is stopped", async (t) => {
  const reports = reported(t);
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (url.endsWith("lima")) return Response.json({ city: "Lima" });
    await once(signal, "abort");
    throw new Error(url);
  });
  assert.equal(await firstSuccess("", ["oslo", "lima"]), "Lima");
  await turn();
  // In Python asyncio reports it.
  assert.deepEqual(reports, []);
});

test("a bug in the answer to one mirror", async (t) => {
  const api = await mockApi(t);
  await api.answer("/mirrors/lima", { body: "no JSON" });
  await api.hold("/mirrors/oslo");
  const asking = firstSuccess(api.url, ["lima", "oslo"]);
  await api.ended("/mirrors/lima");
  await api.saw("GET /mirrors/oslo");
  // For Promise.any it is a failure like any other.
  assert.equal(await done(asking), false);
  await api.release("/mirrors/oslo");
  assert.equal(await asking, "Oslo");
});

test("another error is a bug of ours", async (t) => {
  const api = await mockApi(t);
  const any = t.mock.method(Promise, "any");
  any.mock.mockImplementationOnce(async () => {
    throw new RangeError("no luck");
  });
  await assert.rejects(
    printed(() => main(api.url)),
    RangeError,
  );
});

test("no mirrors, no success", async () => {
  await assert.rejects(firstSuccess("", []), (error) => {
    assert(error instanceof AggregateError);
    assert.deepEqual(error.errors, []);
    return true;
  });
});

// What the language does, without the program.

test("a 404 is a success for the client", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  const answers = ["rome", "oslo"].map((city) =>
    fetch(`${api.url}/mirrors/${city}`),
  );
  const first = await Promise.any(answers);
  assert.equal(first.status, 404);
  await first.text();
  await api.release("/mirrors/oslo");
  await (await answers[1]).text();
});

test("the losers keep running", async (t) => {
  const api = await mockApi(t);
  await api.hold("/mirrors/oslo");
  const answers = ["lima", "oslo"].map((city) =>
    fetch(`${api.url}/mirrors/${city}`),
  );
  await api.saw("GET /mirrors/oslo");
  await (await Promise.any(answers)).text();
  const log = await api.log({ settled: false });
  const held = log.filter((entry) => entry.ending === null);
  assert.deepEqual(
    held.map((entry) => entry.path),
    ["/mirrors/oslo"],
  );
  await api.release("/mirrors/oslo");
  assert.match(await (await answers[1]).text(), /Oslo/);
});

// JavaScript only: an ExceptionGroup shows its place.
test("an AggregateError does not say where it comes from", async (t) => {
  async function fail(text) {
    throw new Error(text);
  }
  const down = Promise.any([fail("first"), fail("second")]);
  await assert.rejects(down, (error) => {
    assert(error instanceof AggregateError);
    const line = "AggregateError: All promises were rejected";
    assert.equal(error.stack, line);
    const shown = inspect(error);
    const start = "[AggregateError: All promises were rejected] {";
    assert(shown.startsWith(start), shown);
    assert.match(shown, /Error: first\n +at fail/);
    assert.match(shown, /Error: second\n +at fail/);
    return true;
  });
  // An error that fetch makes does not say it either.
  const api = await mockApi(t);
  await api.drop("/mirrors/*");
  await assert.rejects(firstSuccess(api.url, ["lima"]), (error) => {
    assert(error instanceof AggregateError);
    assert.equal(error.errors[0].stack, "TypeError: fetch failed");
    return true;
  });
});

// JavaScript only: in Python you write the message yourself.
test("an error of your own with the failures as its cause", async () => {
  const down = Promise.reject(new Error("no luck"));
  const asking = Promise.any([down]).catch((cause) => {
    throw new Error("every mirror has failed", { cause });
  });
  await assert.rejects(asking, (error) => {
    assert(error instanceof Error);
    assert.equal(error.message, "every mirror has failed");
    assert(error.cause instanceof AggregateError);
    return true;
  });
});

// JavaScript only: in Python the set of done tasks has no order.
test("the first to settle wins", async () => {
  const later = async (text, turns) => {
    while (turns--) await null;
    return text;
  };
  const both = [later("Oslo", 5), later("Lima", 2)];
  assert.equal(await Promise.any(both), "Lima");
  // Of those that have settled before, the first in the list.
  const lima = Promise.resolve("Lima");
  await turn();
  const oslo = Promise.resolve("Oslo");
  assert.equal(await Promise.any([oslo, lima]), "Oslo");
});

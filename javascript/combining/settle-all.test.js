import assert from "node:assert/strict";
import { test } from "node:test";

import {
  clock,
  done,
  mockApi,
  printed,
  runNode,
  running,
} from "../helpers.js";
import {
  describe,
  getValue,
  main,
  RequestError,
  settleAll,
} from "./settle-all.js";

test("all three are in flight together", async (t) => {
  const api = await mockApi(t);
  // Each waits for three in flight: one by one, none is answered.
  await api.rendezvous("/sources/*", 3);
  assert.equal(
    await printed(() => main(api.url)),
    "humidity: 62 %\nsnow: HTTP 500\ntemperature: 18.5 °C\n2 of 3 have a value\n",
  );
  assert.equal((await api.log()).length, 3);
});

test("the slowest decides when the list is there", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/humidity");
  const program = running(() => main(api.url));
  await api.ended("/sources/snow");
  await api.ended("/sources/temperature");
  await api.saw("GET /sources/humidity");
  // Two outcomes are there, and nobody sees them yet.
  assert.equal(program.output, "");
  await api.release("/sources/humidity");
  await program.done;
  assert.deepEqual(program.lines, [
    "humidity: 62 %",
    "snow: HTTP 500",
    "temperature: 18.5 °C",
    "2 of 3 have a value",
  ]);
});

test("the outcomes keep the order of the list", async (t) => {
  const api = await mockApi(t);
  await api.fail("/sources/wind", [404]);
  await api.hold("/sources/temperature");
  const settling = settleAll(api.url, [
    "temperature",
    "wind",
    "humidity",
  ]);
  await api.ended("/sources/wind");
  await api.ended("/sources/humidity");
  await api.release("/sources/temperature");
  const outcomes = await settling;
  assert.deepEqual(outcomes.map(describe), [
    "18.5 °C",
    "HTTP 404",
    "62 %",
  ]);
});

test("no failure ends the wait", async (t) => {
  const api = await mockApi(t);
  await api.fail("/sources/temperature", [500]);
  await api.drop("/sources/wind");
  await api.hold("/sources/humidity");
  const settling = settleAll(api.url, [
    "temperature",
    "wind",
    "humidity",
  ]);
  await api.ended("/sources/temperature");
  await api.ended("/sources/wind");
  await api.saw("GET /sources/humidity");
  assert.equal(await done(settling), false);
  await api.release("/sources/humidity");
  const outcomes = await settling;
  assert.deepEqual(outcomes.map(describe), [
    "HTTP 500",
    "no answer",
    "62 %",
  ]);
});

test("a silent request costs two seconds and one outcome", async (t) => {
  const { advance } = clock(t);
  const api = await mockApi(t);
  await api.hold("/sources/temperature");
  const settling = settleAll(api.url, ["temperature", "wind"]);
  await api.saw("GET /sources/temperature");
  await api.ended("/sources/wind");
  await advance(1900);
  assert.equal(await done(settling), false);
  await advance(200);
  const [silent, name] = await settling;
  assert(silent.status === "rejected");
  assert(silent.reason instanceof RequestError);
  assert.equal(silent.reason.message, "no answer");
  const { cause } = /** @type {any} */ (silent.reason);
  assert.equal(cause.name, "TimeoutError");
  assert.deepEqual(name, { status: "fulfilled", value: "4.2 m/s" });
  assert.deepEqual(await api.endings(), {
    "/sources/temperature": "client hung up",
    "/sources/wind": "completed",
  });
});

test("half an answer is no answer", async (t) => {
  const api = await mockApi(t);
  await api.answer("/sources/wind", { body: "{}", cut: 1 });
  const [outcome] = await settleAll(api.url, ["wind"]);
  assert.equal(describe(outcome), "no answer");
});

test("a bug is an outcome until someone looks", async (t) => {
  const api = await mockApi(t);
  await api.answer("/sources/temperature", { body: "no JSON" });
  const [outcome] = await settleAll(api.url, ["temperature"]);
  assert(outcome.status === "rejected");
  assert(outcome.reason instanceof SyntaxError);
  assert.throws(() => describe(outcome), SyntaxError);
});

test("a broken address is a bug", async () => {
  const [outcome] = await settleAll("no address", ["wind"]);
  assert.throws(() => describe(outcome), { code: "ERR_INVALID_URL" });
});

test("no sources, no outcomes", async (t) => {
  const api = await mockApi(t);
  assert.deepEqual(await settleAll(api.url, []), []);
});

// What the language does, without the program.

async function good() {
  return "Ada";
}

async function fail(text = "no luck") {
  throw new Error(text);
}

test("a failure takes the place of its result", async () => {
  const outcomes = await Promise.allSettled([good(), fail()]);
  assert.deepEqual(outcomes, [
    { status: "fulfilled", value: "Ada" },
    { status: "rejected", reason: new Error("no luck") },
  ]);
});

// JavaScript only: Python raises exceptions and nothing else.
test("any value can be a reason", async () => {
  const outcomes = await Promise.allSettled([
    Promise.reject("text"),
    Promise.reject(),
    Promise.resolve(new Error("a value")),
  ]);
  assert.deepEqual(outcomes, [
    { status: "rejected", reason: "text" },
    { status: "rejected", reason: undefined },
    { status: "fulfilled", value: new Error("a value") },
  ]);
});

// JavaScript only: Python's gather stops its tasks itself.
test("an aborted request is an outcome", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/temperature");
  const stop = new AbortController();
  const { signal } = stop;
  const get = async (name) =>
    (await fetch(`${api.url}/sources/${name}`, { signal })).text();
  const [first, second] = [get("temperature"), get("wind")];
  const settling = Promise.allSettled([first, second]);
  await api.saw("GET /sources/temperature");
  await second;
  stop.abort();
  const [aborted, answered] = await settling;
  assert.equal(answered.status, "fulfilled");
  assert(aborted.status === "rejected");
  assert.equal(aborted.reason.name, "AbortError");
  const log = await api.log();
  const held = log.find(
    (entry) => entry.path === "/sources/temperature",
  );
  assert.equal(held?.ending, "client hung up");
});

test("one failure hides the values and the other failures", async (t) => {
  const api = await mockApi(t);
  await api.hold("/sources/snow");
  await api.hold("/sources/noise");
  const values = ["temperature", "snow", "noise"].map((user) =>
    getValue(api.url, user),
  );
  const together = Promise.all(values);
  await api.saw("GET /sources/*", 3);
  assert.equal(await values[0], "18.5 °C");
  assert.equal(await done(together), false);
  await api.release("/sources/snow");
  // The temperature was there before, and still this is all we get.
  await assert.rejects(together, { message: "HTTP 500" });
  await api.release("/sources/noise");
  await Promise.allSettled(values);
});

const TWO_FAIL = `
  import { setImmediate as turn } from "node:timers/promises";
  async function fail(text, turns = 0) {
    while (turns--) await turn();
    throw new Error(text);
  }
  try {
    const calls = [fail("first"), fail("second"), fail("third", 2)];
    await Promise.all(calls);
  } catch (error) {
    console.log("all:", error.message);
  }
  await Promise.allSettled([fail("fourth"), fail("fifth", 2)]);
  for (let n = 0; n < 5; n++) await turn();
  console.log("nobody has heard of the others");
  const first = fail("first");
  const second = fail("second");
  try {
    await first;
    await second;
  } catch (error) {
    console.log("in a row:", error.message);
  }
  await turn();
  console.log("not reached");`;

/** @type {ReturnType<typeof runNode> | undefined} */
let twoFail;

function runTwoFail() {
  twoFail ??= runNode(["--input-type=module", "-e", TWO_FAIL]);
  return twoFail;
}

test("nobody hears of the second failure", async () => {
  const { stdout } = await runTwoFail();
  const all = "all: first\nnobody has heard of the others\n";
  assert(stdout.startsWith(all), stdout);
});

test("several awaits in a row lose the second failure", async () => {
  const { code, stdout, stderr } = await runTwoFail();
  assert.equal(stdout.split("\n").at(-2), "in a row: first");
  assert.match(stderr, /Error: second\n/);
  assert.equal(code, 1);
});

test("all failures can be raised as one", async () => {
  const failing = async () => {
    const outcomes = await Promise.allSettled([
      fail("first"),
      good(),
      fail("second"),
    ]);
    const failed = outcomes.filter((o) => o.status === "rejected");
    if (failed.length > 0) {
      const reasons = failed.map((outcome) => outcome.reason);
      throw new AggregateError(reasons, "some are missing");
    }
  };
  await assert.rejects(failing, (error) => {
    assert(error instanceof AggregateError);
    assert.equal(error.message, "some are missing");
    const messages = error.errors.map(({ message }) => message);
    assert.deepEqual(messages, ["first", "second"]);
    return true;
  });
});

test("what is caught inside needs no settling", async (t) => {
  const api = await mockApi(t);
  async function valueOrNull(user) {
    try {
      return await getValue(api.url, user);
    } catch (error) {
      if (error instanceof RequestError) return null;
      throw error;
    }
  }
  const values = ["humidity", "snow", "temperature"].map(valueOrNull);
  assert.deepEqual(await Promise.all(values), [
    "62 %",
    null,
    "18.5 °C",
  ]);
  // A bug fails the whole list, and so it is seen.
  await api.answer("/sources/temperature", { body: "no JSON" });
  const both = [valueOrNull("temperature"), valueOrNull("snow")];
  await assert.rejects(Promise.all(both), SyntaxError);
  await Promise.allSettled(both);
});

test("an error before the wait is no outcome", async () => {
  const begun = [];
  function check(user) {
    if (user === 9) throw new Error("no user 9");
    begun.push(user);
    return good();
  }
  await assert.rejects(
    async () => await Promise.allSettled([1, 9, 2].map(check)),
    /no user 9/,
  );
  assert.deepEqual(begun, [1]);
  const outcomes = await Promise.allSettled(
    [1, 9, 2].map(async (user) => check(user)),
  );
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status),
    ["fulfilled", "rejected", "fulfilled"],
  );
});

// JavaScript only: gather takes its calls one by one.
test("allSettled itself can fail", async () => {
  const both = /** @type {any} */ (good());
  await assert.rejects(Promise.allSettled(both), {
    name: "TypeError",
    message:
      "object is not iterable (cannot read property Symbol(Symbol.iterator))",
  });
});

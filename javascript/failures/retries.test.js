import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import pRetry from "p-retry";

import { clock, finished, mockApi, printed } from "../helpers.js";
import { ask, main } from "./retries.js";

const NEW_YEAR = Date.UTC(2026, 0, 1, 12);

const statuses = async (api) =>
  (await api.log()).map((entry) => entry.status);

// From each answer to the next request, by the clock of the API.
const pauses = (log) =>
  log.slice(1).map((entry, n) => entry.started - log[n].ended);

test("a busy server is asked again", async (t) => {
  const api = await mockApi(t);
  const output = await printed(() => main(api.url));
  assert.equal(output, "Traffic: 1280 cars/h\n");
  assert.deepEqual(await statuses(api), [503, 200]);
});

test("it gives up after four attempts", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.fail("/data", [503, 429, 503, 429, 503]);
  const asking = ask(api.url, "GET", "/data");
  const rejected = assert.rejects(asking, /HTTP 429/);
  await finished(asking, api, time);
  await rejected;
  assert.deepEqual(await statuses(api), [503, 429, 503, 429]);
});

test("the pauses double", async (t) => {
  const api = await mockApi(t);
  // As much chance as there can be.
  t.mock.method(Math, "random", () => 1);
  await api.fail("/data", [503, 503, 503]);
  await ask(api.url, "GET", "/data");
  const [first, second, third] = pauses(await api.log());
  // A timer may be early by about a millisecond.
  assert(first > 0.198);
  assert(second > 0.398);
  assert(third > 0.798);
});

for (const status of [400, 404, 409, 500]) {
  test(`other failures are final (${status})`, async (t) => {
    const api = await mockApi(t);
    await api.fail("/data", [status]);
    const failed = { message: `HTTP ${status}` };
    await assert.rejects(ask(api.url, "GET", "/data"), failed);
    assert.equal((await api.log()).length, 1);
  });
}

test("a broken answer is final", async (t) => {
  const api = await mockApi(t);
  await api.answer("/data", { body: "<p>Hello</p>" });
  await assert.rejects(ask(api.url, "GET", "/data"), SyntaxError);
  assert.equal((await api.log()).length, 1);
});

test("a post is sent once", async (t) => {
  const api = await mockApi(t);
  await api.fail("POST /posts", [503]);
  await assert.rejects(ask(api.url, "POST", "/posts"), /HTTP 503/);
  assert.equal((await api.log()).length, 1);
  // The same answer to a PUT is no reason to give up.
  await api.answer("/posts/1", { body: "{}" });
  await api.fail("PUT /posts/1", [503]);
  assert.deepEqual(await ask(api.url, "PUT", "/posts/1"), {});
  assert.deepEqual(await statuses(api), [503, 503, 200]);
});

test("a lost connection is tried again", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.drop("/data");
  const asking = ask(api.url, "GET", "/data");
  const rejected = assert.rejects(asking, { message: "fetch failed" });
  await finished(asking, api, time);
  await rejected;
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, Array(4).fill("dropped"));
});

test("a silent server is tried again", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.hold("/data");
  const asking = ask(api.url, "GET", "/data");
  await api.saw("GET /data");
  await time.advance(1999);
  const [held] = await api.log({ settled: false });
  assert.equal(held.ending, null);
  await time.advance(1);
  const [givenUp] = await api.log();
  assert.equal(givenUp.ending, "client hung up");
  await api.release("/data");
  await finished(asking, api, time);
  assert.equal((await api.log()).length, 2);
  await asking;
});

for (const [wish, milliseconds] of /** @type {const} */ ([
  ["0", 100],
  ["3", 3100],
  ["5", 5100],
  ["Thu, 01 Jan 2026 12:00:03 GMT", 3100],
  ["Thu, 01 Jan 2026 12:00:03 -0000", 3100],
  ["Thu, 01 Jan 2026 12:00:05 GMT", 5100],
])) {
  test(`the server says when to come (${wish})`, async (t) => {
    const api = await mockApi(t);
    const time = clock(t);
    t.mock.method(Date, "now", () => NEW_YEAR);
    const headers = { "Retry-After": wish };
    await api.answer("/data", { status: 503, headers });
    const asking = ask(api.url, "GET", "/data");
    await api.ended("GET /data");
    await api.answer("/data", { body: "[]" });
    await time.advance(milliseconds - 10);
    assert.equal((await api.log()).length, 1);
    await finished(asking, api, time);
    assert.deepEqual(await asking, []);
    assert.equal((await api.log()).length, 2);
  });
}

test("what is no wish changes nothing", async (t) => {
  const api = await mockApi(t);
  const wishes = {
    "/users/1": "Wed, 21 Oct 2015 07:28:00 GMT",
    "/users/2": "soon",
    "/users/3": "",
  };
  for (const [path, wish] of Object.entries(wishes)) {
    const headers = { "Retry-After": wish };
    await api.answer(path, { status: 503, headers });
  }
  const asking = Object.keys(wishes).map((path) =>
    assert.rejects(ask(api.url, "GET", path), /HTTP 503/),
  );
  await Promise.all(asking);
  const log = await api.log();
  for (const path of Object.keys(wishes)) {
    const [first, ...others] = pauses(
      log.filter((entry) => entry.path === path),
    );
    assert(first > 0.098);
    assert.equal(others.length, 2);
  }
});

for (const wish of ["6", "2592000", "Thu, 01 Jan 2026 12:00:06 GMT"]) {
  test(`a long pause is refused (${wish})`, async (t) => {
    const api = await mockApi(t);
    t.mock.method(Date, "now", () => NEW_YEAR);
    const headers = { "Retry-After": wish };
    await api.answer("/data", { status: 429, headers });
    await assert.rejects(ask(api.url, "GET", "/data"), /HTTP 429/);
    assert.equal((await api.log()).length, 1);
  });
}

test("one limit ends a pause", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  const headers = { "Retry-After": "5" };
  await api.answer("/data", { status: 503, headers });
  const asking = ask(api.url, "GET", "/data");
  const rejected = assert.rejects(asking, { name: "TimeoutError" });
  const waited = await finished(asking, api, time);
  await rejected;
  assert(waited >= 10_000 && waited <= 10_200);
  // Two attempts, and then a pause that would last too long.
  assert.equal((await api.log()).length, 2);
});

// The program's limit for all attempts, in the hands of the test.
function limitOfAll(t) {
  const limit = new AbortController();
  const { timeout } = AbortSignal;
  t.mock.method(AbortSignal, "timeout", (milliseconds) =>
    milliseconds === 10_000
      ? limit.signal
      : timeout.call(AbortSignal, milliseconds),
  );
  const reason = new DOMException("Too late.", "TimeoutError");
  return () => limit.abort(reason);
}

// JavaScript only: Python's limit cancels what is under way.
test("one limit ends an attempt", async (t) => {
  const api = await mockApi(t);
  clock(t);
  const strike = limitOfAll(t);
  await api.hold("/data");
  const asking = ask(api.url, "GET", "/data");
  const rejected = assert.rejects(asking, { message: "Too late." });
  await api.saw("GET /data");
  strike();
  await rejected;
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
});

// JavaScript only: a `sleep` of Node fails with an error of its own.
test("the limit is the reason", async (t) => {
  const api = await mockApi(t);
  const strike = limitOfAll(t);
  const headers = { "Retry-After": "5" };
  await api.answer("/data", { status: 503, headers });
  const asking = ask(api.url, "GET", "/data");
  const rejected = assert.rejects(asking, { message: "Too late." });
  await api.ended("GET /data");
  // Now it pauses. If it still reads, the reason is the same.
  await api.log();
  strike();
  await rejected;
  assert.equal((await api.log()).length, 1);
});

// What p-retry does, without the program.

// The milliseconds at which an operation is tried that always fails.
async function attemptsOf(options, error, time) {
  const attempts = [];
  let now = 0;
  let settled = false;
  const trying = pRetry(() => {
    attempts.push(now);
    throw error;
  }, options);
  const rejected = assert.rejects(trying, error).then(() => {
    settled = true;
  });
  while (!settled) {
    now += 100;
    await time.advance(100);
  }
  await rejected;
  return attempts;
}

test("a cancelled retry sends nothing more", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.drop("/data");
  const leaving = new AbortController();
  const { signal } = leaving;
  const get = () => fetch(`${api.url}/data`);
  const asking = pRetry(get, { minTimeout: 5000, signal });
  const rejected = assert.rejects(asking, { name: "AbortError" });
  await api.ended("GET /data");
  await time.advance(1000);
  leaving.abort();
  await rejected;
  await time.advance(60_000);
  await (await fetch(`${api.url}/posts/1`)).text();
  const paths = (await api.log()).map((entry) => entry.path);
  assert.deepEqual(paths, ["/data", "/posts/1"]);
});

// JavaScript only: Python cancels what the task waits for.
test("an abort does not end an attempt", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const leaving = new AbortController();
  const { signal } = leaving;
  const asking = pRetry(() => fetch(`${api.url}/data`), { signal });
  let settled = false;
  const rejected = assert
    .rejects(asking, { name: "AbortError" })
    .then(() => {
      settled = true;
    });
  await api.saw("GET /data");
  leaving.abort();
  const [held] = await api.log({ settled: false });
  assert.equal(held.ending, null);
  assert(!settled);
  await api.release("/data");
  await rejected;
  const [answered] = await api.log();
  assert.equal(answered.ending, "completed");
});

test("chance makes a pause longer", async (t) => {
  const time = clock(t);
  const options = { retries: 3, randomize: true };
  const random = t.mock.method(Math, "random", () => 0);
  const least = await attemptsOf(options, new Error("no luck"), time);
  assert.deepEqual(least, [0, 1000, 3000, 7000]);
  // It adds more to a long pause than to a short one.
  random.mock.mockImplementation(() => 1);
  const most = await attemptsOf(options, new Error("no luck"), time);
  assert.deepEqual(most, [0, 2000, 6000, 14_000]);
});

test("the defaults", async (t) => {
  const time = clock(t);
  const random = t.mock.method(Math, "random");
  const attempts = await attemptsOf({}, new Error("no luck"), time);
  // Each pause is twice as long as the last, without any chance.
  const powers = Array.from({ length: 11 }, (_, n) => 2 ** n - 1);
  assert.deepEqual(
    attempts,
    powers.map((seconds) => 1000 * seconds),
  );
  assert.equal(attempts.at(-1), 1_023_000);
  assert.equal(random.mock.callCount(), 0);
});

test("the limit of the library ends no attempt", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const get = () => fetch(`${api.url}/data`);
  const asking = pRetry(get, { maxRetryTime: 0 });
  await api.saw("GET /data");
  // Its time is over, and still it waits.
  await api.release("/data");
  const response = await asking;
  assert.equal(response.status, 200);
  await response.text();
  // After a failure it does not begin again.
  await api.drop("/data");
  await assert.rejects(pRetry(get, { maxRetryTime: 0 }), TypeError);
  assert.equal((await api.log()).length, 2);
});

// JavaScript only: stamina does not look at it before the pause.
test("the last pause ends at the limit", async (t) => {
  const time = clock(t);
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const attempts = [];
  const fails = () => {
    attempts.push(now);
    throw new Error("no luck");
  };
  const options = { maxRetryTime: 5000, minTimeout: 6000 };
  const rejected = assert.rejects(pRetry(fails, options), /no luck/);
  await time.advance(0);
  for (const milliseconds of [4999, 1]) {
    assert.deepEqual(attempts, [0]);
    now += milliseconds;
    await time.advance(milliseconds);
  }
  await rejected;
  assert.deepEqual(attempts, [0, 5000]);
});

test("it repeats a mistake of yours too", async (t) => {
  const time = clock(t);
  const options = { retries: 2, minTimeout: 100 };
  const broken = new SyntaxError("Unexpected token");
  assert.equal((await attemptsOf(options, broken, time)).length, 3);
  // A TypeError is final, unless it is one of the network.
  const mistake = new TypeError("x is not a function");
  assert.equal((await attemptsOf(options, mistake, time)).length, 1);
  const lost = new TypeError("fetch failed");
  assert.equal((await attemptsOf(options, lost, time)).length, 3);
});

// JavaScript only: stamina writes to the log.
test("each failure can be heard", async (t) => {
  const time = clock(t);
  const heard = [];
  const onFailedAttempt = ({ attemptNumber, error }) => {
    heard.push([attemptNumber, error.message]);
  };
  const options = { retries: 1, onFailedAttempt };
  await attemptsOf(options, new Error("no luck"), time);
  assert.deepEqual(heard, [
    [1, "no luck"],
    [2, "no luck"],
  ]);
});

test("it takes a function and not a call", async (t) => {
  const api = await mockApi(t);
  /** @type {any} not what p-retry takes */
  const call = fetch(`${api.url}/data`);
  await assert.rejects(pRetry(call), {
    name: "TypeError",
    message: "input is not a function",
  });
  await (await call).text();
});

test("the core is a loop", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  async function retry(operation) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await operation();
      } catch (error) {
        if (attempt === 4 || error.name !== "TypeError") throw error;
      }
      await sleep(100 * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  }
  await api.drop("/data");
  const asking = retry(() => fetch(`${api.url}/data`));
  const rejected = assert.rejects(asking, { message: "fetch failed" });
  await finished(asking, api, time);
  await rejected;
  assert.equal((await api.log()).length, 4);
});

// JavaScript only: in Python, without `await`, there is no answer.
test("without await nothing is repeated", async () => {
  let calls = 0;
  async function fails() {
    calls++;
    throw new Error("no luck");
  }
  async function retry(operation) {
    for (let attempt = 1; ; attempt++) {
      try {
        return operation();
      } catch (error) {
        if (attempt === 4) throw error;
      }
    }
  }
  await assert.rejects(retry(fails), /no luck/);
  assert.equal(calls, 1);
});

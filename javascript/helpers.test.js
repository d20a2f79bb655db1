import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import {
  setInterval as every,
  setImmediate as giveWay,
  setTimeout as sleep,
} from "node:timers/promises";
import { promisify } from "node:util";

import {
  clock,
  mockApi,
  runNode,
  serving,
  withoutConnection,
} from "./helpers.js";

const blockingGet = (url) =>
  execFileSync(process.execPath, ["--eval", `fetch("${url}")`]);

const paths = async (api) =>
  (await api.log()).map((entry) => entry.path);

test("a test begins without an open connection", async (t) => {
  let connections = 0;
  await using server = createServer((_, response) =>
    response.end("hello"),
  );
  server.on("connection", () => {
    connections += 1;
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {any} */ (server.address());
  const get = async () => {
    await (await fetch(`http://127.0.0.1:${port}`)).text();
    await giveWay(); // the connection is free again
  };
  await get();
  await get();
  assert.equal(connections, 1);
  await mockApi(t);
  await get();
  await get();
  assert.equal(connections, 2);
  withoutConnection(t);
  await get();
  assert.equal(connections, 3);
});

test("the helpers do not open a connection for fetch", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts");
  await api.release("/posts");
  await api.log();
  const asking = fetch(`${api.url}/data`);
  // It has to connect first, and that takes turns of the event loop.
  blockingGet(`${api.url}/users/1`);
  await (await asking).text();
  assert.deepEqual(await paths(api), ["/users/1", "/data"]);
});

test("on an open connection a request leaves in a turn", async (t) => {
  const api = await mockApi(t);
  await (await fetch(`${api.url}/posts`)).text();
  await giveWay();
  const asking = fetch(`${api.url}/data`);
  await giveWay(); // Node 24 does not even need this one
  blockingGet(`${api.url}/users/1`);
  await (await asking).text();
  assert.deepEqual(await paths(api), ["/posts", "/data", "/users/1"]);
});

test("the clock reaches every timer", async (t) => {
  const time = clock(t);
  const ran = [];
  const add = (name) => () => ran.push(name);
  setTimeout(add("setTimeout"), 1000);
  const interval = setInterval(add("setInterval"), 1000);
  const aborted = AbortSignal.timeout(1000);
  aborted.onabort = add("AbortSignal.timeout");
  sleep(1000).then(add("sleep"));
  promisify(setTimeout)(1000).then(add("promisify"));
  const ticks = every(1000)[Symbol.asyncIterator]();
  ticks.next().then(add("every"));
  await time.advance(999);
  assert.deepEqual(ran, []);
  await time.advance(1);
  assert.deepEqual(ran.sort(), [
    "AbortSignal.timeout",
    "every",
    "promisify",
    "setInterval",
    "setTimeout",
    "sleep",
  ]);
  clearInterval(interval);
  await ticks.return?.();
});

test("a timer that is refreshed begins anew", async (t) => {
  const time = clock(t);
  let fired = false;
  const timer = setTimeout(() => {
    fired = true;
  }, 1000);
  await time.advance(999);
  timer.refresh();
  await time.advance(999);
  assert.equal(fired, false);
  await time.advance(1);
  assert.equal(fired, true);
});

test("real time is back in the next test", async () => {
  await sleep(1);
});

test("what is due runs in order before advance returns", async (t) => {
  const time = clock(t);
  const ran = [];
  async function work(name, ...pauses) {
    for (const pause of pauses) {
      await sleep(pause);
      ran.push(name);
    }
  }
  const all = Promise.all([
    work("one", 1000, 1000, 1000),
    work("other", 1500),
  ]);
  await time.advance(2999);
  assert.deepEqual(ran, ["one", "other", "one"]);
  await time.advance(1);
  assert.deepEqual(ran, ["one", "other", "one", "one"]);
  await all;
});

test("a limit ends the work when the clock has come there", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.hold("/data");
  const signal = AbortSignal.timeout(3000);
  const failing = assert.rejects(fetch(`${api.url}/data`, { signal }), {
    name: "TimeoutError",
    message: "The operation was aborted due to timeout",
  });
  await api.saw("GET /data");
  await time.advance(2999);
  assert.equal(signal.aborted, false);
  await time.advance(1);
  await failing;
  const [entry] = await api.log();
  assert.equal(entry.ending, "client hung up");
});

const testsOf = (body) => `
  import { test } from "node:test";
  import { mockApi, runNode, running, serving } from "./helpers.js";
  ${body}`;

test("a request that is left in flight fails its test at once", async () => {
  const source = testsOf(`test("forgets", async (t) => {
    const api = await mockApi(t);
    await api.hold("/data");
    fetch(api.url + "/data").catch(() => {});
    await api.saw("GET /data");
  });`);
  // If it waited for the hold to end, that would be killed here.
  const { code, stdout } = await runNode(["--eval", source], {
    TEST_LIMIT: "600",
  });
  assert.equal(code, 1);
  assert.match(stdout, /in flight after the test/);
  assert.match(stdout, /'GET \/data'/);
});

test("a request that is given up is not left in flight", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const leaving = new AbortController();
  const { signal } = leaving;
  const asking = fetch(`${api.url}/data`, { signal });
  await api.saw("GET /data");
  leaving.abort();
  await assert.rejects(asking, { name: "AbortError" });
});

test("a wait that takes too long says what for", async () => {
  const source = testsOf(`
    const forever = () => new Promise((end) => setTimeout(end, 1e9));
    test("prints", () => {
      const program = running(() => (console.log("one"), forever()));
      return program.prints("two");
    });
    test("done", () =>
      running(() => (console.log("three"), forever())).done);
    test("runNode", () => runNode(["--eval", "setTimeout(() => {}, 1e9)"]));
    test("serving", () => serving("javascript", "setTimeout(() => {}, 1e9)"));`);
  const { stdout } = await runNode(
    ["--test-force-exit", "--eval", source],
    { API_URL: "http://127.0.0.1:9", TEST_LIMIT: "0.2" },
  );
  for (const said of [
    /not printed: two, only:\n *one\n/,
    /not ended, printed:\n *three\n/,
    /not ended: node --eval .*, printed:\n/,
    /The server did not start: it has not printed a line yet\./,
  ]) {
    assert.match(stdout, said);
  }
});

test("a server that ends has not started", async () => {
  await assert.rejects(serving("javascript", ""), {
    message: "The server did not start: it ended without a line.",
  });
});

test("ended waits until a request has been answered", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const asking = fetch(`${api.url}/data`);
  const ended = api.ended("GET /data");
  await api.saw("/data");
  assert.equal((await api.log({ settled: false }))[0].ending, null);
  await api.release("/data");
  await ended;
  const [entry] = await api.log({ settled: false });
  assert.equal(entry.ending, "completed");
  await (await asking).text();
});

test("an answer is what the test chooses", async (t) => {
  const api = await mockApi(t);
  const headers = { "Content-Type": "text/html", "Retry-After": "7" };
  await api.answer("/data", { status: 503, headers, body: "<p>ä</p>" });
  const response = await fetch(`${api.url}/data`);
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "7");
  assert.equal(await response.text(), "<p>ä</p>");
  await api.answer("/data", { body: "cut off", cut: 3 });
  const short = await fetch(`${api.url}/data`);
  assert.equal(short.headers.get("content-length"), "7");
  await assert.rejects(short.text(), TypeError);
  await assert.rejects(
    api.answer("/date", {}),
    /Did you mean \/data\?/,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  setImmediate as nextTurn,
  setTimeout as sleep,
} from "node:timers/promises";

import { clock, mockApi, printed, running } from "../helpers.js";
import {
  getCached,
  getJson,
  main,
  othersRun,
} from "./what-await-does.js";

test("everything is reported", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Do others run while we await\n" +
      "- a request? yes\n" +
      "- a cached answer? yes\n" +
      "- a pause of 0? yes\n" +
      "Awaited: Ada\n" +
      "Awaited again: Ada\n",
  );
  const paths = (await api.log()).map((entry) => entry.path);
  assert.deepEqual(paths, ["/data", "/users/1"]);
});

test("only the function that awaits stops", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const program = running(() => main(api.url));
  await api.saw("GET /data");
  // main waits for the held answer, and we do not.
  const user = await getJson(api.url, "/users/2");
  assert.equal(user.name, "Grace");
  assert.deepEqual(program.lines, ["Do others run while we await"]);
  await api.release("/data");
  await program.done;
  assert.equal(program.lines[1], "- a request? yes");
});

test("whoever awaits it stops as well", async (t) => {
  const api = await mockApi(t);
  let done = false;
  const inner = async () => await getJson(api.url, "/data");
  const outer = async () => {
    const data = await inner();
    done = true;
    return data;
  };
  await api.hold("/data");
  const asking = outer();
  await api.saw("GET /data");
  assert.equal(done, false);
  await api.release("/data");
  assert.deepEqual(await asking, {
    message: "Hello from the mock API",
  });
});

test("await raises what the function raised", async (t) => {
  const api = await mockApi(t);
  await api.fail("/data", [500]);
  const program = running(() => main(api.url));
  await assert.rejects(program.done, /HTTP 500/);
  assert.deepEqual(program.lines, ["Do others run while we await"]);
});

// JavaScript only: asyncio.sleep(0) is one turn of the loop and no timer.
test("the pause of 0 waits for a timer", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  const program = running(() => main(api.url));
  await program.prints("- a cached answer? yes\n");
  await nextTurn();
  assert.equal(program.lines.length, 3);
  await time.advance(1);
  await program.done;
  assert.equal(program.lines[3], "- a pause of 0? yes");
});

// What the language does, without the program.

// JavaScript only: a Python await that need not wait goes straight on.
test("every await lets what is ready run", async (t) => {
  const ready = t.mock.method(globalThis, "queueMicrotask");
  for (const value of [getCached(), Promise.resolve("already"), 1]) {
    assert.equal(await othersRun(value), "yes");
  }
  assert.equal(ready.mock.callCount(), 3);
});

test("a loop of such awaits holds up a timer", async () => {
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 0);
  const end = performance.now() + 10;
  while (performance.now() < end) await getCached();
  assert.equal(fired, false);
  await sleep(0);
  assert.equal(fired, true);
});

test("awaiting a number", async () => {
  for (const value of [1, "text", null, undefined]) {
    assert.equal(await value, value);
  }
});

test("awaiting a list", async (t) => {
  const api = await mockApi(t);
  const calls = [getJson(api.url, "/data"), getCached()];
  const list = await calls;
  assert.equal(list, calls);
  assert(list[0] instanceof Promise);
  const [data, cached] = await Promise.all(calls);
  assert.deepEqual(data, { message: "Hello from the mock API" });
  assert.equal(cached, "Hello from the cache");
});

test("an object of your own can be awaited", async () => {
  const answer = {
    /** @param {(value: number) => void} resolve */
    // biome-ignore lint/suspicious/noThenProperty: what is tested here
    then(resolve) {
      queueMicrotask(() => resolve(42));
    },
  };
  assert.equal(await answer, 42);
});

test("what runs already can be awaited again", async (t) => {
  const api = await mockApi(t);
  const data = getJson(api.url, "/data");
  const wait = async () => await data;
  const [first, second] = await Promise.all([wait(), wait()]);
  assert.equal(first, second);
  assert.equal(first, await data);
  assert.equal((await api.log()).length, 1);
});

test("await outside an async function is a syntax error", async () => {
  assert.throws(
    () => new Function("await answer"),
    (error) => {
      assert.equal(
        String(error),
        "SyntaxError: await is only valid in async functions " +
          "and the top level bodies of modules",
      );
      return true;
    },
  );
  const module = "data:text/javascript,() => { await answer }";
  await assert.rejects(import(module), (error) => {
    assert.equal(
      String(error),
      "SyntaxError: Unexpected reserved word",
    );
    return true;
  });
});

test("a plain function can start the work", async (t) => {
  const api = await mockApi(t);
  let done = false;
  const ask = () =>
    getJson(api.url, "/data").finally(() => {
      done = true;
    });
  await api.hold("/data");
  const asking = ask();
  // The plain function has returned before the answer is there.
  await api.saw("GET /data");
  assert.equal(done, false);
  await api.release("/data");
  assert.deepEqual(await asking, {
    message: "Hello from the mock API",
  });
});

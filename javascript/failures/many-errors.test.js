import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";

import { mockApi, printed, running } from "../helpers.js";
import {
  check,
  checkAll,
  GoneError,
  handling,
  main,
  RequestError,
} from "./many-errors.js";

test("the program prints each failure by its kind", async (t) => {
  const api = await mockApi(t);
  // Each waits for four in flight: one by one, none is answered.
  await api.rendezvous("*", 4);
  assert.equal(
    await printed(() => main(api.url)),
    "Gone: asked for /users/9\n" +
      "Failed: asked for /status/503\n" +
      "Failed: asked for /feeds/sport\n",
  );
  assert.equal((await api.log()).length, 4);
});

test("no failure ends the wait", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const program = running(() => main(api.url));
  await api.ended("/users/9");
  await api.ended("/status/503");
  await api.ended("/feeds/sport");
  await api.saw("GET /data");
  assert.equal(program.output, "");
  await api.release("/data");
  await program.done;
  assert.equal(program.lines.length, 3);
  assert.equal((await api.endings())["/data"], "completed");
});

test("all failures come as one", async (t) => {
  const api = await mockApi(t);
  await api.drop("/users/2");
  const paths = ["/users/2", "/data", "/users/9", "/status/500"];
  await assert.rejects(checkAll(api.url, ...paths), (error) => {
    assert(error instanceof AggregateError);
    assert.equal(error.message, "bad links");
    // In the order of the links, and each says whose it is.
    assert.deepEqual(error.errors.map(String), [
      "Error: asked for /users/2",
      "Error: asked for /users/9",
      "Error: asked for /status/500",
    ]);
    const [dropped, gone, status] = error.errors;
    assert(dropped instanceof RequestError);
    assert.equal(String(dropped.cause), "TypeError: fetch failed");
    assert(gone instanceof GoneError);
    assert.equal(gone.cause, "HTTP 404");
    assert(status instanceof RequestError);
    assert.equal(status.cause, "HTTP 500");
    return true;
  });
});

test("one failure is a group, too", async (t) => {
  const api = await mockApi(t);
  const checking = checkAll(api.url, "/data", "/users/9");
  await assert.rejects(checking, (error) => {
    assert(error instanceof AggregateError);
    assert.equal(error.errors.length, 1);
    return true;
  });
});

test("without a failure there is no group", async (t) => {
  const api = await mockApi(t);
  await checkAll(api.url, "/data", "/users/1");
  await checkAll(api.url);
  await api.answer("*", { body: "fine" });
  assert.equal(await printed(() => main(api.url)), "");
});

test("a kind that is not there runs no clause", async (t) => {
  const api = await mockApi(t);
  await api.answer("/users/9", { body: "here again" });
  assert.equal(
    await printed(() => main(api.url)),
    "Failed: asked for /status/503\nFailed: asked for /feeds/sport\n",
  );
});

test("half an answer is a failure", async (t) => {
  const api = await mockApi(t);
  await api.answer("/data", { body: "{}", cut: 1 });
  await assert.rejects(check(api.url, "/data"), (error) => {
    assert(error instanceof RequestError);
    assert.equal(error.message, "asked for /data");
    assert.equal(String(error.cause), "TypeError: terminated");
    return true;
  });
});

test("a bug goes on", async (t) => {
  const api = await mockApi(t);
  const { fetch } = globalThis;
  t.mock.method(globalThis, "fetch", (url) =>
    `${url}`.endsWith("/data") ? new Broken() : fetch(url),
  );
  class Broken extends Response {
    /** @returns {boolean} */
    get ok() {
      throw new RangeError("a bug");
    }
  }
  const program = running(() => main(api.url));
  await assert.rejects(program.done, (error) => {
    // Both kinds are handled, and the bug alone is left.
    assert(error instanceof AggregateError);
    assert.equal(error.message, "bad links");
    assert.deepEqual(error.errors.map(String), ["RangeError: a bug"]);
    return true;
  });
  assert.equal(program.lines.length, 3);
});

test("a broken address is no bad link", async () => {
  await assert.rejects(check("http://[", "/data"), {
    code: "ERR_INVALID_URL",
  });
});

// JavaScript only: Python has except*.
test("what is no group goes on as it is", () => {
  const error = new GoneError("no luck");
  const handler = () => assert.fail("it is no group");
  assert.throws(() => handling(GoneError, handler)(error), error);
});

// JavaScript only: except* looks into a group that is in a group.
test("handling looks at one level", () => {
  const gone = new AggregateError([new GoneError("no luck")]);
  const nested = new AggregateError([gone], "pages");
  const handler = () => assert.fail("it is one level down");
  assert.throws(
    () => handling(GoneError, handler)(nested),
    (error) => {
      assert(error instanceof AggregateError);
      assert.deepEqual(error.errors, [gone]);
      return true;
    },
  );
});

// What the language does, without the program.

const several = () =>
  new AggregateError(
    [new RangeError("HTTP 503"), new TypeError("a bug")],
    "bad links",
  );

test("a group is none of its errors", () => {
  const error = several();
  assert.equal(error instanceof TypeError, false);
  assert.equal(error instanceof RangeError, false);
  assert(error instanceof Error);
});

test("a group can hold a group", () => {
  const nested = new AggregateError([several(), new TypeError("x")]);
  // Only one level, although there are three errors.
  assert.equal(nested.errors.length, 2);
  const bugs = nested.errors.filter((one) => one instanceof TypeError);
  assert.deepEqual(bugs.map(String), ["TypeError: x"]);

  function flatten(error) {
    if (!(error instanceof AggregateError)) return [error];
    return error.errors.flatMap(flatten);
  }
  assert.deepEqual(flatten(nested).map(String), [
    "RangeError: HTTP 503",
    "TypeError: a bug",
    "TypeError: x",
  ]);
});

test("a group is made of errors", () => {
  // In Python. Here it is made of anything, and even of nothing.
  assert.deepEqual(new AggregateError([]).errors, []);
  assert.deepEqual(new AggregateError("no").errors, ["n", "o"]);
  const one = /** @type {any} */ (new Error("no luck"));
  assert.throws(() => new AggregateError(one), {
    name: "TypeError",
    message:
      "object is not iterable (cannot read property Symbol(Symbol.iterator))",
  });
});

test("the error says whose it is", () => {
  const cause = new RangeError("HTTP 503");
  const error = new Error("asked for /status/503", { cause });
  // A new error: the class is that of the new one.
  assert.equal(error instanceof RangeError, false);
  assert(error.cause instanceof RangeError);
  assert.equal(String(error), "Error: asked for /status/503");
});

test("an error while you handle another", () => {
  assert.throws(
    () => {
      try {
        throw new Error("first");
      } catch {
        throw new Error("second");
      }
    },
    (error) => {
      // Nobody keeps the first.
      assert(error instanceof Error);
      assert.equal("cause" in error, false);
      assert.doesNotMatch(inspect(error), /first/);
      return true;
    },
  );
});

test("a failure while closing", () => {
  assert.throws(
    () => {
      try {
        throw new Error("the block failed");
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: it is the point
        throw new Error("closing failed");
      }
    },
    (error) => {
      assert.match(inspect(error), /closing failed/);
      assert.doesNotMatch(inspect(error), /the block failed/);
      return true;
    },
  );
});

// JavaScript only: Python has no such error.
test("using keeps both, and a log shows neither", () => {
  const closing = new Error("closing failed");
  const block = new Error("the block failed");
  const file = {
    [Symbol.dispose]() {
      throw closing;
    },
  };
  assert.throws(
    () => {
      using _ = file;
      throw block;
    },
    (error) => {
      assert(error instanceof SuppressedError);
      assert.equal(
        String(error),
        "SuppressedError: An error was suppressed during disposal",
      );
      assert.equal(error.error, closing);
      assert.equal(error.suppressed, block);
      const log = inspect(error, { depth: null });
      assert.doesNotMatch(log, /closing failed|the block failed/);
      return true;
    },
  );
});

/** Without the lines of the stack. @param {Error} error */
function short(error) {
  error.stack = String(error);
  return error;
}

test("what a log shows", () => {
  const cause = "HTTP 503";
  const error = short(new Error("asked for /status/503", { cause }));
  const bug = short(new TypeError("a bug"));
  const group = short(new AggregateError([error, bug], "bad links"));
  assert.equal(
    `\n${format(group)}\n`,
    `
[AggregateError: bad links] {
  [errors]: [
    [Error: asked for /status/503] { [cause]: 'HTTP 503' },
    [TypeError: a bug]
  ]
}
`,
  );

  // As text, the errors are not there, and as JSON nothing is.
  assert.equal(
    `not checked: ${group}`,
    "not checked: AggregateError: bad links",
  );
  assert.equal(JSON.stringify({ group }), '{"group":{}}');
  const { stack } = new AggregateError([error, bug], "bad links");
  assert.match(`${stack}`, /^AggregateError: bad links\n/);
  assert.doesNotMatch(`${stack}`, /asked for|a bug/);
  assert.match(format("%s", group), /\[errors\]: \[Array\]/);
});

test("a log shows no more than so many", () => {
  const many = Array.from({ length: 102 }, (_, i) =>
    short(new Error(`n${i}`)),
  );
  const wide = format(new AggregateError(many));
  assert.match(wide, /n99\b/);
  assert.match(wide, /\.\.\. 2 more items/);
  assert.doesNotMatch(wide, /n100/);

  const nested = new AggregateError([several()], "pages");
  assert.match(format(nested), /\[errors\]: \[Array\]/);
  assert.match(format(nested), /AggregateError: bad links/);
  assert.doesNotMatch(format(nested), /a bug/);
  // Whoever asks for more gets it.
  assert.match(inspect(nested, { depth: null }), /TypeError: a bug/);
});

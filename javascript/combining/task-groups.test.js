import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { clock, done, mockApi, running } from "../helpers.js";
import {
  loadNames,
  main,
  RequestError,
  taskGroup,
} from "./task-groups.js";

const PATHS = ["/users/4", "/status/503"];

test("a failure leaves the other group alone", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const program = running(() => main(api.url));
  // None is answered yet: all are in flight together.
  await api.saw("GET /*", 4);
  await api.release("/status/503");
  await program.prints("None: HTTP 503");
  await api.ended("/users/3");
  await api.release("/users/*");
  await program.done;
  assert.equal(program.output, "None: HTTP 503\nAll: Grace Edsger\n");
  assert.deepEqual(await api.endings(), {
    "/users/2": "completed",
    "/users/4": "completed",
    "/users/3": "client hung up",
    "/status/503": "completed",
  });
});

test("results keep the order of the list", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const loading = loadNames(api.url, ["/users/1", "/users/2"]);
  await api.saw("GET /users/1");
  await api.ended("/users/2");
  await api.release("/users/1");
  assert.deepEqual(await loading, ["Ada", "Grace"]);
});

test("one failure stops the siblings", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const loading = loadNames(api.url, PATHS);
  loading.catch(() => {});
  await api.saw("GET /*", 2);
  await api.release("/status/503");
  await assert.rejects(loading, (error) => {
    assert(error instanceof AggregateError);
    assert.deepEqual(error.errors, [new RequestError("HTTP 503")]);
    return true;
  });
  assert.deepEqual(await api.endings(), {
    "/users/4": "client hung up",
    "/status/503": "completed",
  });
});

test("a bug is not called a failed request", async (t) => {
  const api = await mockApi(t);
  await api.answer("/users/2", { body: "no JSON" });
  await assert.rejects(main(api.url), (error) => {
    assert(error instanceof AggregateError);
    const [group] = error.errors;
    assert(group.errors[0] instanceof SyntaxError);
    return true;
  });
});

// JavaScript only: except* takes what is expected out of the group.
test("a bug beside a failed request is thrown", async (t) => {
  /** @type {unknown[]} */
  const stopped = [];
  t.mock.method(globalThis, "fetch", async (url, { signal }) => {
    if (url === "/users/2") return new Response("no JSON");
    if (url === "/users/4") return new Response("", { status: 503 });
    await once(signal, "abort");
    stopped.push(url);
    throw signal.reason;
  });
  const program = running(() => main(""));
  await assert.rejects(program.done, AggregateError);
  // It has stopped the other group, too.
  assert.deepEqual(stopped, ["/users/3", "/status/503"]);
});

test("a lost connection is no answer", async (t) => {
  const api = await mockApi(t);
  await api.drop("/users/4");
  await assert.rejects(main(api.url), (error) => {
    assert(error instanceof AggregateError);
    const [group] = error.errors;
    assert.equal(group.errors[0].message, "fetch failed");
    return true;
  });
});

test("a group can be stopped from outside", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*");
  const leaving = new AbortController();
  const paths = ["/users/4", "/users/5"];
  const loading = loadNames(api.url, paths, leaving.signal);
  loading.catch(() => {});
  await api.saw("GET /users/*", 2);
  leaving.abort();
  // A stop is no failure, so there is no group of errors.
  await assert.rejects(loading, leaving.signal.reason);
  assert.deepEqual(await api.endings(), {
    "/users/4": "client hung up",
    "/users/5": "client hung up",
  });
});

test("an empty group is done", async (t) => {
  const api = await mockApi(t);
  assert.deepEqual(await loadNames(api.url, []), []);
});

// JavaScript only: Python cancels, it does not throw into the code.
test("an error that was caused by the stop is dropped", async () => {
  const wrapped = async (signal) => {
    try {
      await forEver(signal);
    } catch (cause) {
      throw new Error("no answer", { cause });
    }
  };
  await assert.rejects(taskGroup([wrapped, () => fail()]), (error) => {
    assert.deepEqual(messages(error), ["no luck"]);
    return true;
  });
});

// JavaScript only: Python's tasks need no signal.
test("a work that does not listen is waited for", async () => {
  const deaf = Promise.withResolvers();
  const group = taskGroup([() => deaf.promise, () => fail()]);
  const settled = group.catch(messages);
  assert.equal(await done(settled), false);
  deaf.resolve("too late");
  assert.deepEqual(await settled, ["no luck"]);
});

// JavaScript only: Python has no such value.
test("any value can be a failure", async () => {
  for (const value of [undefined, null, "text"]) {
    await assert.rejects(
      taskGroup([() => Promise.reject(value)]),
      (error) => {
        assert(error instanceof AggregateError);
        assert.deepEqual(error.errors, [value]);
        return true;
      },
    );
  }
});

// JavaScript only: a coroutine function of Python raises when awaited.
test("an error before the first await is a failure, too", async () => {
  const work = () => {
    throw new Error("at once");
  };
  let reason;
  const sibling = async (signal) => {
    await forEver(signal).catch((error) => {
      reason = error;
      throw error;
    });
  };
  await assert.rejects(taskGroup([work, sibling]), (error) => {
    assert.deepEqual(messages(error), ["at once"]);
    return true;
  });
  assert.equal(reason.name, "AbortError");
});

// What the language does, without the program.

/** @param {AbortSignal} signal */
function forEver(signal) {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

async function fail(text = "no luck") {
  throw new Error(text);
}

/** @param {any} error */
function messages(error) {
  assert(error instanceof AggregateError);
  return error.errors.map(({ message }) => message);
}

test("without a group the siblings run on", async (t) => {
  const api = await mockApi(t);
  const get = async (path) => {
    const response = await fetch(api.url + path);
    await response.text();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
  };
  await api.hold("/users/4");
  const calls = PATHS.map(get);
  await assert.rejects(Promise.all(calls), { message: "HTTP 503" });
  await api.saw("GET /users/4");
  const running = await api.endings({ settled: false });
  assert.equal(running["/users/4"], null);
  await api.release("/users/4");
  await calls[0];
  assert.equal((await api.endings())["/users/4"], "completed");
});

test("the group waits for what it stops", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const cleanUpWhenStopped = async (signal) => {
    try {
      await forEver(signal);
    } finally {
      await (await fetch(`${api.url}/data`)).text();
    }
  };
  const group = taskGroup([cleanUpWhenStopped, () => fail()]);
  group.catch(() => {});
  await api.saw("GET /data");
  assert.equal(await done(group.catch(() => {})), false);
  await api.release("/data");
  await assert.rejects(group, (error) => {
    assert.deepEqual(messages(error), ["no luck"]);
    return true;
  });
  assert.equal((await api.endings())["/data"], "completed");
});

test("a time limit waits for the clean-up, too", async (t) => {
  const time = clock(t);
  const cleaned = Promise.withResolvers();
  const cleanUpWhenStopped = (signal) =>
    forEver(signal).finally(() => cleaned.promise);
  const limit = AbortSignal.timeout(1000);
  const group = taskGroup([cleanUpWhenStopped], limit);
  group.catch(() => {});
  await time.advance(60_000);
  assert.equal(await done(group.catch(() => {})), false);
  cleaned.resolve("clean");
  await assert.rejects(group, { name: "TimeoutError" });
});

test("two failures are both kept", async () => {
  const group = taskGroup([() => fail("first"), () => fail("second")]);
  await assert.rejects(group, (error) => {
    assert.deepEqual(messages(error), ["first", "second"]);
    return true;
  });
});

const failWhenStopped = async (signal) => {
  try {
    await forEver(signal);
  } catch {
    throw new Error("clean-up");
  }
};

test("one failure is wrapped, too", async () => {
  await assert.rejects(taskGroup([() => fail()]), (error) => {
    assert.deepEqual(messages(error), ["no luck"]);
    return true;
  });
});

test("a failed clean-up is kept, too", async () => {
  const group = taskGroup([failWhenStopped, () => fail()]);
  await assert.rejects(group, (error) => {
    assert.deepEqual(messages(error), ["no luck", "clean-up"]);
    return true;
  });
});

test("a group in a group is stopped with it", async () => {
  let stopped = false;
  const wait = async (signal) => {
    await forEver(signal).finally(() => {
      stopped = true;
    });
  };
  const outer = taskGroup([
    (signal) => taskGroup([wait], signal),
    () => fail(),
  ]);
  await assert.rejects(outer, (error) => {
    assert.deepEqual(messages(error), ["no luck"]);
    return true;
  });
  assert(stopped);
});

test("an inner failure stops the outer group", async () => {
  let stopped = false;
  const sibling = async (signal) => {
    await forEver(signal).finally(() => {
      stopped = true;
    });
  };
  const outer = taskGroup([
    sibling,
    (signal) => taskGroup([() => fail("inner")], signal),
  ]);
  await assert.rejects(outer, (error) => {
    assert(error instanceof AggregateError);
    // The groups are nested as the calls are.
    assert.deepEqual(messages(error.errors[0]), ["inner"]);
    return true;
  });
  assert(stopped);
});

test("a failure wins over a stop from outside", async () => {
  const leaving = new AbortController();
  const group = taskGroup([failWhenStopped], leaving.signal);
  leaving.abort();
  await assert.rejects(group, (error) => {
    assert.deepEqual(messages(error), ["clean-up"]);
    return true;
  });
});

test("a group stopped from outside has no results", async () => {
  const giveAResultWhenStopped = (signal) =>
    forEver(signal).catch(() => "too late");
  const leaving = new AbortController();
  const group = taskGroup([giveAResultWhenStopped], leaving.signal);
  leaving.abort();
  await assert.rejects(group, leaving.signal.reason);
});

test("a task with a stop of its own", async () => {
  // Unlike in Python, this is a failure, and stops the sibling.
  const own = new AbortController();
  const group = taskGroup([() => forEver(own.signal), forEver]);
  own.abort();
  await assert.rejects(group, (error) => {
    assert(error instanceof AggregateError);
    assert.deepEqual(error.errors, [own.signal.reason]);
    return true;
  });
  // Caught inside the task, it is none.
  const caught = () => forEver(own.signal).catch(() => "stopped");
  assert.deepEqual(await taskGroup([caught]), ["stopped"]);
});

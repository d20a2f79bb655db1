import assert from "node:assert/strict";
import { test } from "node:test";
import { replay } from "./replay.js";

/** @type {import("./replay.js").Recorded} */
const RECORDED = {
  python: [
    { ms: 5, line: "first", stream: "out" },
    { ms: 9_000, line: "second", stream: "err" },
    { ms: 9_001, exit: 0 },
  ],
  javascript: [{ ms: 4_000, exit: 3 }],
};

/** What a listener hears. */
function heard() {
  const news = [];
  const listener = {
    line: (language, text, stream, ms) =>
      news.push([language, text, stream, ms]),
    end: (language, end) => news.push([language, end]),
  };
  return { news, listener };
}

test("each event comes at its time", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { news, listener } = heard();
  const { done } = replay(RECORDED, listener);
  t.mock.timers.tick(3_999);
  assert.deepEqual(news, [["python", "first", "out", 5]]);
  t.mock.timers.tick(5_002);
  assert.deepEqual(news.slice(1), [
    ["javascript", { exit: 3, why: "ended" }],
    ["python", "second", "err", 9_000],
    ["python", { exit: 0, why: "ended" }],
  ]);
  assert.deepEqual(Object.keys(await done), ["javascript", "python"]);
});

test("a replay that is stopped tells nothing more", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { news, listener } = heard();
  const running = replay(RECORDED, listener);
  t.mock.timers.tick(4_000);
  running.stop();
  t.mock.timers.tick(10_000);
  const { python, javascript } = await running.done;
  assert.deepEqual(python, { exit: null, why: "stopped" });
  assert.deepEqual(javascript, { exit: 3, why: "ended" });
  assert.equal(news.length, 3);
});

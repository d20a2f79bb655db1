import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, ending, pulse, width } from "./lanes.js";

test("the width doubles while a program runs, and fits at the end", () => {
  assert.deepEqual(
    [0, 1, 250, 251, 500, 1700].map((now) => width(now, true)),
    [250, 250, 250, 500, 500, 2000],
  );
  assert.equal(width(1700, false), 1700);
  assert.equal(width(0, false), 1);
});

test("a long gap between beats is a block, also the one at the end", () => {
  const beats = [300, 350, 400, 900, 950];
  assert.deepEqual(blocks(beats, 1000), [{ from: 400, to: 900 }]);
  assert.deepEqual(blocks(beats, 2000), [
    { from: 400, to: 900 },
    { from: 950, to: 2000 },
  ]);
});

test("before the first beat no loop is blocked", () => {
  assert.deepEqual(blocks([900, 950], 1000), []);
  assert.deepEqual(blocks([], 5000), []);
});

test("a beat that is told late makes no block of its own", () => {
  assert.deepEqual(blocks([100], 90), []);
});

test("the row of an event loop says how it is", () => {
  const running = (beats) => pulse({ beats, end: null }, 1000);
  assert.equal(running([]), "has had no turn yet");
  assert.equal(running([950]), "takes turns");
  assert.equal(running([400]), "blocked for 600 ms");
  assert.equal(running([400, 950]), "takes turns");
  const ended = (beats) => pulse({ beats, end: 1000 }, 1000);
  assert.equal(ended([]), "had no turn");
  assert.equal(ended([950]), "never blocked");
  assert.equal(ended([100, 400, 950]), "was blocked for 550 ms");
});

test("a lane says how its request has ended", () => {
  const completed = { status: 200, ending: "completed" };
  assert.equal(ending(completed), "200");
  const gone = { status: null, ending: "client hung up" };
  assert.equal(ending(gone), "client hung up");
  assert.equal(ending({ status: null, ending: null }), "… in flight");
});

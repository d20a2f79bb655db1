import assert from "node:assert/strict";
import { test } from "node:test";
import { inFlight, question } from "./predict.js";

const LANES = `both  GET /users/1  ●━━━● 200
      GET /users/2  ●━━━━━━━✕ client hung up
      GET /users/3      ●━━━━━━━● 200
`;
const LINES = "one\ntwo\n  three\n";

test("a few lines that differ are asked for by their order", () => {
  const { text, answers, right } = question(LINES, LANES, true);
  assert.match(text, /^In which order will the programs/);
  assert.equal(answers.length, 3);
  assert.equal(new Set(answers).size, 3);
  assert.equal(answers[right], LINES.trimEnd());
  const sorted = answers.map((a) => a.split("\n").sort().join());
  assert.equal(new Set(sorted).size, 1);
});

test("the question is the same at each visit", () => {
  const asked = question(LINES, LANES, false);
  assert.deepEqual(asked, question(LINES, LANES, false));
  assert.match(asked.text, /the Python program/);
});

test("the place of the right answer differs from page to page", () => {
  const places = Array.from("abcdefghij", (letter) => {
    return question(`${letter}\nx\ny\n`, "", true).right;
  });
  assert.deepEqual([...new Set(places)].sort(), [0, 1, 2]);
});

test("lines that are the same have no order to ask for", () => {
  const { text, answers, right } = question("a\na\na\n", LANES, true);
  assert.equal(
    text,
    "The programs make 3 requests. How many of them are in flight at the same time, at most?",
  );
  assert.deepEqual(answers, ["1", "2", "3"]);
  assert.equal(answers[right], "2");
});

test("if each language has lanes, the question is about the first", () => {
  const lanes = `python      GET /a  ●━━━● 200
            GET /b          ●━━━● 200
javascript  GET /a  ●━━━● 200
            GET /b  ●━━━━━━━● 200
`;
  const { name, all, most } = inFlight(lanes);
  assert.deepEqual(
    { name, all, most },
    { name: "python", all: 2, most: 1 },
  );
  assert.match(
    question("a\n", lanes, true).text,
    /^The Python program makes 2/,
  );
});

test("without order and requests the reader thinks", () => {
  const { answers, right } = question("a\n", "", true);
  assert.deepEqual({ answers, right }, { answers: [], right: -1 });
});

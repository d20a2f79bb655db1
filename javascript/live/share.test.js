import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, LinkError, LONGEST, link } from "./share.js";

const PLAY = "http://localhost/site/live/play.html";
const SOURCES = {
  python: 'print("Zoë 🦊")\n',
  javascript: "console.log(1 < 2 && '#%');\n",
};

test("what a link holds comes back as it was", async () => {
  const url = new URL(
    await link(PLAY, "combining/settle-all", SOURCES),
  );
  assert.equal(url.search, "?pair=combining/settle-all");
  assert.match(url.hash, /^#[\w-]+$/);
  assert.deepEqual(await decode(url.hash.slice(1)), SOURCES);
});

test("a link that is too long is refused", async () => {
  // What cannot be compressed.
  const noise = Array.from({ length: LONGEST }, () =>
    String.fromCharCode(33 + Math.floor(90 * Math.random())),
  );
  const sources = { ...SOURCES, python: noise.join("") };
  await assert.rejects(link(PLAY, "a/b", sources), (error) => {
    assert(error instanceof LinkError);
    assert.match(error.message, /expected at most 8000/);
    return true;
  });
  await assert.rejects(decode("A".repeat(LONGEST + 1)), LinkError);
});

test("each broken fragment gives one sentence", async () => {
  const good = await encode(SOURCES);
  const broken = {
    empty: "",
    "no base64": "%%%",
    cut: good.slice(0, -5),
    "no deflate": "AAAA",
    "no programs": await encode(/** @type {any} */ ({ python: "" })),
  };
  for (const [why, fragment] of Object.entries(broken)) {
    await assert.rejects(decode(fragment), LinkError, why);
  }
});

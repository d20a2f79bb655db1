import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, running } from "../helpers.js";
import { main, merge } from "./many-streams.js";

test("all feeds are followed at once", async (t) => {
  const api = await mockApi(t);
  await api.rendezvous("/feeds/*", 3);
  await printed(() => main(api.url));
  const log = await api.log();
  assert.equal(Math.max(...log.map((entry) => entry.inFlight)), 3);
  assert(log.every((entry) => entry.status === 200));
});

test("lines come in the order of the events", async (t) => {
  const events = [
    ["sport/1", "sport: Kick-off"],
    ["news/1", "news: A cat sleeps"],
    ["news/2", "news: A ship leaves"],
    ["weather/1", "weather: Sun"],
    ["sport/2", "sport: Goal"],
  ];
  const api = await mockApi(t);
  await api.hold("/feeds/*/*");
  const program = running(() => main(api.url));
  for (const [event, line] of events) {
    await api.release(`/feeds/${event}`);
    await program.prints(line);
  }
  assert.deepEqual(
    program.lines,
    events.map(([, line]) => line),
  );
  await api.release("/feeds/*/*");
  await program.done;
});

test("one ends, one fails, the rest go on", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/*/3");
  const program = running(() => main(api.url));
  await program.prints("(weather has ended)");
  await program.prints("sport: Goal");
  await api.release("/feeds/sport/3");
  await program.prints("(sport has failed)");
  assert(!program.output.includes("news: A bridge opens"));
  await api.release("/feeds/news/3");
  await program.done;
  assert.deepEqual(program.lines.slice(-3), [
    "news: A bridge opens",
    "news: Good night",
    "(news has ended)",
  ]);
  const log = await api.log();
  assert.deepEqual(
    Object.fromEntries(log.map((e) => [e.path, e.ending])),
    {
      "/feeds/news": "completed",
      "/feeds/sport": "dropped",
      "/feeds/weather": "completed",
    },
  );
});

test("a feed that refuses fails alone", async (t) => {
  const api = await mockApi(t);
  await api.fail("/feeds/news", [503]);
  const lines = (await printed(() => main(api.url))).split("\n");
  assert(lines.includes("(news has failed)"));
  assert(lines.includes("(weather has ended)"));
});

test("a connection that breaks is an error", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/sport/3");
  const response = await fetch(`${api.url}/feeds/sport`);
  await api.release("/feeds/sport/3");
  await assert.rejects(response.text(), {
    name: "TypeError",
    message: "terminated",
  });
});

// JavaScript only: a Python except names the errors that it expects.
test("a bug in one is taken for a failed feed", async (t) => {
  const api = await mockApi(t);
  const fetch = globalThis.fetch;
  t.mock.method(globalThis, "fetch", (url, init) => {
    if (url.endsWith("/feeds/weather")) throw new RangeError();
    return fetch(url, init);
  });
  const output = await printed(() => main(api.url));
  assert.match(output, /^\(weather has failed\)$/m);
  assert.match(output, /^\(news has ended\)$/m);
});

test("whoever stops early hangs up on all", async (t) => {
  const api = await mockApi(t);
  await api.hold("/feeds/*/2");
  const seen = new Set();
  for await (const line of merge(api.url)) {
    seen.add(line);
    if (seen.size === 3) break;
  }
  assert.deepEqual(
    seen,
    new Set(["news: A cat sleeps", "sport: Kick-off", "weather: Sun"]),
  );
  const endings = (await api.log()).map((entry) => entry.ending);
  assert.deepEqual(endings, Array(3).fill("client hung up"));
});

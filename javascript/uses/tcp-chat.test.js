import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { printed, runNode, serving } from "../helpers.js";
import { clients, main, say, serve } from "./tcp-chat.js";

const HOST = "127.0.0.1";
const MAX_LINE = 1024;
const MAX_UNREAD = 65_536;
const TOO_LONG = "Error: more than 1024 bytes in a line\n";
const IN_PYTHON = `
import asyncio
from uses.tcp_chat import serve

async def main():
    async with await serve() as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

asyncio.run(main())
`;

/** A chat that ends with the test; `join` connects one more client. */
async function chat() {
  const server = await serve();
  const here = /** @type {any} */ (server.address()).port;
  /** @type {import("node:net").Socket[]} */
  const sockets = [];
  /** @type {import("node:net").Socket[]} the server's ends */
  const ends = [];
  server.on("connection", (socket) => {
    socket.setNoDelay(); // else each batch of lines takes 40 ms
    ends.push(socket);
  });
  return {
    ends,
    join: async (port = here) => {
      // It does not hang up only because the server does.
      const socket = connect({ port, host: HOST, allowHalfOpen: true });
      sockets.push(socket.setEncoding("utf8"));
      await once(socket, "connect");
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** @param {import("node:net").Socket} input */
const linesAt = (input) => createInterface({ input });

test("the conversation is printed", async () => {
  assert.equal(
    await printed(main),
    "Grace hears: Hello, Grace\n" +
      "Ada hears: Hello, Ada\n" +
      "Ada hears: Error: more than 1024 bytes in a line\n",
  );
});

test("what one says all the others hear", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const alan = await room.join();
  const graceHears = once(linesAt(grace), "line");
  assert.equal(await say(alan, "I am Alan", linesAt(ada)), "I am Alan");
  assert.deepEqual(await graceHears, ["I am Alan"]);
  // Alan does not hear himself.
  const welcome = "Welcome, Alan";
  assert.equal(await say(grace, welcome, linesAt(alan)), welcome);
});

test("clients of the other language are served", async () => {
  const server = await serving("python", IN_PYTHON);
  await using room = await chat();
  const ada = await room.join(server.port);
  const grace = await room.join(server.port);
  assert.equal(await say(grace, "Zoë?", linesAt(ada)), "Zoë?");
  assert.equal(await say(ada, "Here", linesAt(grace)), "Here");
  const alan = await room.join(server.port);
  alan.write("x".repeat(MAX_LINE + 1));
  assert.equal(await text(alan), TOO_LONG);
});

test("silence and half a line disturb nobody", async () => {
  await using room = await chat();
  const ada = await room.join();
  await room.join(); // and says nothing
  const slow = await room.join();
  const gone = await room.join();
  slow.write("Half a ");
  gone.end("Never sa");
  assert.equal(await text(gone), "");
  assert.equal(await say(ada, "Go on", linesAt(slow)), "Go on");
  assert.equal(await say(slow, "line", linesAt(ada)), "Half a line");
});

test("a line without end is refused", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const longest = "é".repeat(MAX_LINE / 2); // two bytes each
  assert.equal(await say(grace, longest, linesAt(ada)), longest);
  const disconnected = once(room.ends[1], "close");
  grace.write(`${longest}x`);
  assert.deepEqual(await once(grace, "data"), [TOO_LONG]);
  await disconnected;
  // One who sends on and on is cut off before hearing it, perhaps.
  const hose = await room.join();
  hose.on("error", () => {}).resume();
  hose.write("x".repeat(10_000_000));
  await once(hose, "close").catch(() => {});
  const alan = await room.join();
  assert.equal(await say(ada, "Go on", linesAt(alan)), "Go on");
});

test("who does not read is disconnected", async () => {
  await using room = await chat();
  const deaf = await room.join();
  deaf.pause();
  const ada = await room.join();
  const alan = await room.join();
  const [end] = room.ends;
  const atAlan = alan.iterator();
  const lines = `${"x".repeat(MAX_LINE)}\n`.repeat(16);
  let waiting = 0;
  for (let said = 0; said < 10_000 && !end.destroyed; said += 1) {
    waiting = Math.max(waiting, end.writableLength);
    ada.write(lines);
    for (let left = lines.length; left > 0; ) {
      left -= (await atAlan.next()).value.length;
    }
  }
  assert(end.destroyed);
  assert(0 < waiting && waiting <= MAX_UNREAD, `${waiting} bytes`);
});

test("a client that vanishes leaves the rest undisturbed", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const alan = linesAt(await room.join());
  grace.write("Half a li");
  await say(ada, "Before", alan);
  grace.resetAndDestroy();
  for (const line of ["After", "And on", "And on"]) {
    assert.equal(await say(ada, line, alan), line);
  }
  assert.equal(clients.size, 2);
});

test("a thousand connections at once", async () => {
  await using room = await chat();
  const hearers = [];
  for (let n = 0; n < 999; n += 1) hearers.push(await room.join());
  const ada = await room.join();
  const heard = hearers.map((hearer) => once(hearer, "data"));
  ada.write("Hello, all\n");
  for (const [line] of await Promise.all(heard)) {
    assert.equal(line, "Hello, all\n");
  }
});

test("a write does not wait for the other side", async () => {
  const order = [];
  await using server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = /** @type {any} */ (server.address());
  const socket = connect(port, HOST);
  const [other] = await once(server, "connection");
  assert.equal(socket.write(Buffer.alloc(32_000_000)), false);
  assert(socket.writableLength > 10_000_000);
  // It is said only once the other side has read.
  const saying = say(socket, "Well?", linesAt(socket));
  other.write("Heard\n");
  const said = saying.then((heard) => order.push(heard));
  await Promise.race([said, sleep(50)]);
  order.push("the other side reads");
  other.resume();
  await said;
  assert.deepEqual(order, ["the other side reads", "Heard"]);
  socket.destroy();
});

// JavaScript only: in Python readline raises an error at its limit.
test("node:readline sets no limit to a line", async () => {
  const input = new PassThrough();
  const line = once(createInterface({ input }), "line");
  for (let n = 0; n < 100; n += 1) input.write("x".repeat(100_000));
  input.end("\n");
  assert.equal((await line)[0].length, 10_000_000);
});

// JavaScript only: Python logs it and goes on.
test("an error that nobody listens for ends the process", async () => {
  const { code, stderr } = await runNode([
    "--eval",
    `import { connect, createServer } from "node:net";
     const server = createServer((socket) => socket.resume());
     server.listen(0, "${HOST}", () => {
       const client = connect(server.address().port, "${HOST}");
       server.on("connection", () => client.resetAndDestroy());
     });`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Unhandled 'error' event/);
  assert.match(stderr, /Error: read ECONNRESET/);
});

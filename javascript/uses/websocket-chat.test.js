import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";

import { WebSocketServer, WebSocket as WsClient } from "ws";

import { clock, printed, runNode, serving } from "../helpers.js";
import { main, say, serve } from "./websocket-chat.js";

const HOST = "127.0.0.1";
const MAX_MESSAGE = 1024;
const MAX_UNREAD = 65_536;
const IN_PYTHON = `
import asyncio
from uses.websocket_chat import serve

async def main():
    async with await serve() as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

asyncio.run(main())
`;
// What a client sends first; from here on it speaks in frames.
const HANDSHAKE = [
  "GET / HTTP/1.1",
  "Host: chat",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "\r\n",
].join("\r\n");

/** A chat that ends with the test; `join` connects one more client. */
async function chat({ patience = 20_000 } = {}) {
  const server = await serve(patience);
  const here = /** @type {any} */ (server.address()).port;
  /** @type {import("ws").WebSocket[]} the server's ends */
  const ends = [];
  server.on("connection", (client) => ends.push(client));
  return {
    server,
    ends,
    join: async (port = here) => {
      const client = new WebSocket(`ws://${HOST}:${port}`);
      await once(client, "open");
      return client;
    },
    /** A connection without a library, which does only what we do. */
    raw: async () => {
      const socket = connect(here, HOST);
      await once(socket, "connect");
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      if (server.address()) await once(server, "close");
    },
  };
}

/** @param {import("node:net").Socket} socket */
async function shakeHands(socket) {
  socket.write(HANDSHAKE);
  const [answer] = await once(socket, "data");
  assert.match(`${answer}`, /^HTTP\/1.1 101 /);
}

test("the conversation is printed", async () => {
  assert.equal(
    await printed(main),
    "Grace hears: Hello, Grace\n" +
      "Ada hears: Hello, Ada\n" +
      "Ada is closed with code 1009\n",
  );
});

test("what one says all the others hear", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const alan = await room.join();
  const graceHears = once(grace, "message");
  assert.equal(await say(alan, "I am Alan", ada), "I am Alan");
  assert.equal((await graceHears)[0].data, "I am Alan");
  // Alan does not hear himself.
  const welcome = "Welcome, Alan";
  assert.equal(await say(grace, welcome, alan), welcome);
});

test("clients of the other language are served", async () => {
  const server = await serving("python", IN_PYTHON);
  await using room = await chat();
  const ada = await room.join(server.port);
  const grace = await room.join(server.port);
  assert.equal(await say(grace, "Zoë?", ada), "Zoë?");
  assert.equal(await say(ada, "Here", grace), "Here");
  grace.send("x".repeat(MAX_MESSAGE + 1));
  assert.equal((await once(grace, "close"))[0].code, 1009);
  ada.close();
  await once(ada, "close");
});

test("silence and half a handshake disturb nobody", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const silent = await room.raw();
  const late = await room.raw();
  late.write(HANDSHAKE.slice(0, 50));
  assert.equal(await say(ada, "Go on", grace), "Go on");
  late.write(HANDSHAKE.slice(50));
  const [answer] = await once(late, "data");
  assert.match(`${answer}`, /^HTTP\/1.1 101 Switching Protocols\r\n/);
  for (const socket of [silent, late]) socket.destroy();
});

test("a line without end is refused", async () => {
  await using room = await chat();
  const endless = await room.raw();
  endless.write(`GET /${"x".repeat(20_000)}`);
  assert.match(
    await text(endless),
    /^HTTP\/1.1 431 Request Header Fields Too Large\r\n/,
  );
  const ada = await room.join();
  const grace = await room.join();
  assert.equal(await say(ada, "Go on", grace), "Go on");
});

test("too big a message is refused", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const longest = "x".repeat(MAX_MESSAGE);
  assert.equal(await say(grace, longest, ada), longest);
  grace.send(`${longest}x`);
  assert.equal((await once(grace, "close"))[0].code, 1009);

  // In pieces, none too big, and there is no last one.
  const endless = new WsClient(ada.url);
  await once(endless, "open");
  const pieces = setInterval(() => {
    endless.send("x".repeat(100), { fin: false });
  });
  assert.equal((await once(endless, "close"))[0], 1009);
  clearInterval(pieces);
  const alan = await room.join();
  assert.equal(await say(ada, "Go on", alan), "Go on");
});

test("who does not read is disconnected", async () => {
  await using room = await chat();
  const deaf = await room.raw();
  await shakeHands(deaf);
  deaf.pause();
  const ada = await room.join();
  const alan = await room.join();
  const [end] = room.ends;
  let waiting = 0;
  for (let said = 0; said < 20_000 && end.readyState === 1; said += 1) {
    waiting = Math.max(waiting, end.bufferedAmount);
    await say(ada, "x".repeat(MAX_MESSAGE), alan);
  }
  assert.notEqual(end.readyState, WebSocket.OPEN);
  assert(0 < waiting && waiting <= MAX_UNREAD, `${waiting} bytes`);
  deaf.destroy();
});

test("a client that vanishes leaves the rest undisturbed", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = new WsClient(ada.url);
  await once(grace, "open");
  const alan = await room.join();
  await say(ada, "Before", alan);
  const closed = once(room.ends[1], "close");
  grace.terminate();
  assert.equal((await closed)[0], 1006);
  assert.equal(await say(ada, "After", alan), "After");
});

test("who answers no ping is disconnected", async (t) => {
  const time = clock(t);
  await using room = await chat();
  await room.join();
  const silent = await room.raw();
  await shakeHands(silent);
  const received = silent.toArray();
  const answered = once(room.ends[0], "pong");
  await time.advance(20_000);
  await answered;
  await time.advance(20_000);
  assert.equal((await received)[0][0], 0x89); // a ping
  // A library answers pings by itself.
  assert.equal(room.ends[0].readyState, WebSocket.OPEN);
});

test("a thousand connections at once", async () => {
  await using room = await chat();
  const hearers = [];
  for (let n = 0; n < 999; n += 1) {
    const hearer = await room.raw();
    await shakeHands(hearer);
    hearers.push(hearer);
  }
  const ada = await room.join();
  const heard = hearers.map((hearer) => once(hearer, "data"));
  ada.send("Hello, all");
  for (const [message] of await Promise.all(heard)) {
    assert.equal(message.toString("latin1"), "\x81\x0aHello, all");
  }
  for (const hearer of hearers) hearer.destroy();
});

// JavaScript only: in Python it costs one connection.
test("an error that nobody listens for ends the process", async () => {
  const { code, stderr } = await runNode([
    "--eval",
    `import { WebSocketServer } from "ws";
     const limits = { host: "${HOST}", port: 0, maxPayload: 10 };
     const server = new WebSocketServer(limits, () => {
       const { port } = server.address();
       const client = new WebSocket("ws://${HOST}:" + port);
       client.onopen = () => client.send("more than ten bytes");
     });`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Unhandled 'error' event/);
  assert.match(stderr, /RangeError: Max payload size exceeded/);
});

// JavaScript only: in Python send waits.
test("a send does not wait for the other side", async () => {
  const server = new WebSocketServer({ host: HOST, port: 0 });
  await once(server, "listening");
  const { port } = /** @type {any} */ (server.address());
  const ada = new WebSocket(`ws://${HOST}:${port}`);
  const [end] = await once(server, "connection");
  end.pause();
  await once(ada, "open");
  for (let n = 0; n < 32; n += 1) ada.send(Buffer.alloc(1_000_000));
  assert(ada.bufferedAmount > 20_000_000);
  end.resume();
  ada.close();
  await once(ada, "close");
  server.close();
});

// JavaScript only: in Python the server takes leave of its clients.
test("a server that closes leaves its clients alone", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  room.server.close();
  assert.equal(await say(ada, "Still there?", grace), "Still there?");
  await assert.rejects(room.raw(), { code: "ECONNREFUSED" });
});

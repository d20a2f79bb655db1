import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";

import { WebSocketServer, WebSocket as WsClient } from "ws";

import { clock, printed, runNode, serving } from "../helpers.js";
import { main, server } from "./websocket-chat.js";

const HOST = "127.0.0.1";
const JAVASCRIPT_SERVER = `
console.log = (_, url) => process.stdout.write(new URL(url).port + "\\n");
process.env.PORT = "0";
const { main } = await import("./uses/websocket-chat.js");
await main();
`;
const IN_PYTHON = `
import asyncio, os
os.environ["PORT"] = "0"
from uses import websocket_chat
websocket_chat.print = lambda _, url, flush: print(
    url.split(":")[-1], flush=flush
)
asyncio.run(websocket_chat.main())
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
async function chat() {
  const http = /** @type {import("node:http").Server} */ (
    server.options.server
  );
  await once(http.listen(0, HOST), "listening");
  const { port } = /** @type {any} */ (http.address());
  const url = `ws://${HOST}:${port}`;
  /** @type {import("ws").WebSocket[]} the server's ends */
  const ends = [];
  const noted = (/** @type {import("ws").WebSocket} */ end) =>
    ends.push(end);
  server.on("connection", noted);
  return {
    port,
    url,
    ends,
    join: async (to = url) => {
      const client = new WebSocket(to);
      await once(client, "open");
      return client;
    },
    /** A connection without a library, which does only what we do. */
    raw: async () => {
      const socket = connect(port, HOST);
      await once(socket, "connect");
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      server.off("connection", noted);
      for (const client of server.clients) client.terminate();
      http.closeAllConnections();
      await once(http.close(), "close");
    },
  };
}

/** @param {import("node:net").Socket} socket */
async function shakeHands(socket) {
  socket.write(HANDSHAKE);
  const [answer] = await once(socket, "data");
  assert.match(`${answer}`, /^HTTP\/1.1 101 /);
}

/**
 * @param {WebSocket} client
 * @param {string | Uint8Array<ArrayBuffer>} message
 * @param {WebSocket} to
 */
async function say(client, message, to) {
  const heard = once(to, "message");
  client.send(message);
  return (await heard)[0].data;
}

test("the conversation is printed", async () => {
  assert.equal(await printed(main), "Ada hears: Hello, Ada\n");
});

test("all the others hear a message", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const alan = await room.join();
  const graceHears = once(grace, "message");
  assert.equal(await say(alan, "I am Alan", ada), "I am Alan");
  assert.equal((await graceHears)[0].data, "I am Alan");
  // Alan does not hear himself.
  const hello = "Hello, Alan";
  assert.equal(await say(grace, hello, alan), hello);
});

test("text stays text and bytes stay bytes", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  assert.equal(await say(grace, "Zoë", ada), "Zoë");
  ada.binaryType = "arraybuffer";
  const bytes = Uint8Array.of(0xff, 0);
  const heard = await say(grace, bytes, ada);
  assert.deepEqual(new Uint8Array(heard), bytes);
});

test("clients of the other language are served", async () => {
  const { port } = await serving("python", IN_PYTHON);
  await using room = await chat();
  const ada = await room.join(`ws://${HOST}:${port}`);
  const grace = await room.join(`ws://${HOST}:${port}`);
  assert.equal(await say(grace, "Zoë?", ada), "Zoë?");
  grace.binaryType = "arraybuffer";
  const heard = await say(ada, Uint8Array.of(0xff), grace);
  assert.deepEqual(new Uint8Array(heard), Uint8Array.of(0xff));
  grace.send("x".repeat(1025));
  assert.equal((await once(grace, "close"))[0].code, 1009);
  ada.close();
  await once(ada, "close");
});

test("a page of another site is refused", async () => {
  await using room = await chat();
  // No origin: it is no browser.
  const ada = await room.join();
  const grace = new WsClient(room.url, { origin: "https://my.test" });
  await once(grace, "open");
  const heard = once(ada, "message");
  grace.send("Hello");
  assert.equal((await heard)[0].data, "Hello");
  for (const origin of [
    "https://other.test",
    "http://my.test",
    "null",
  ]) {
    const other = new WsClient(room.url, { origin });
    await assert.rejects(once(other, "open"), {
      message: "Unexpected server response: 401",
    });
  }
});

test("half a handshake disturbs nobody", async () => {
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

test("what is no websocket is refused", async () => {
  await using room = await chat();
  const web = await room.raw();
  web.end("GET / HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n");
  assert.match(await text(web), /^HTTP\/1.1 426 Upgrade Required\r\n/);
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
  const longest = "é".repeat(512);
  assert.equal(await say(grace, longest, ada), longest);
  grace.send(`${longest}x`);
  assert.equal((await once(grace, "close"))[0].code, 1009);

  // In pieces, none too big, and there is no last one.
  const endless = new WsClient(room.url);
  await once(endless, "open");
  const pieces = setInterval(() => {
    endless.send("x".repeat(100), { fin: false });
  });
  assert.equal((await once(endless, "close"))[0], 1009);
  clearInterval(pieces);
  const alan = await room.join();
  assert.equal(await say(ada, "Go on", alan), "Go on");
});

test("a client that does not read is out", async () => {
  await using room = await chat();
  const deaf = await room.raw();
  await shakeHands(deaf);
  deaf.pause();
  const ada = await room.join();
  const alan = await room.join();
  const [end] = room.ends;
  let unread = 0;
  for (let said = 0; said < 20_000 && end.readyState === 1; said += 1) {
    unread = Math.max(unread, end.bufferedAmount);
    await say(ada, "x".repeat(1024), alan);
  }
  assert.notEqual(end.readyState, WebSocket.OPEN);
  assert(60_000 < unread && unread <= 65_536, `${unread} bytes`);
  deaf.destroy();
});

test("a client that vanishes disturbs nobody", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = new WsClient(room.url);
  await once(grace, "open");
  const alan = await room.join();
  await say(ada, "Before", alan);
  const closed = once(room.ends[1], "close");
  grace.terminate();
  assert.equal((await closed)[0], 1006);
  assert.equal(await say(ada, "After", alan), "After");
});

test("a client that answers no ping is out", async (t) => {
  const time = clock(t);
  await using room = await chat();
  const ada = await room.join();
  const alan = await room.join();
  const silent = await room.raw();
  await shakeHands(silent);
  await time.advance(19_900);
  const first = once(silent, "data");
  await say(ada, "Nothing yet", alan);
  assert.equal((await first)[0].toString("latin1", 2), "Nothing yet");
  const second = once(silent, "data");
  const pongs = [0, 1].map((n) => once(room.ends[n], "pong"));
  await time.advance(100);
  assert.equal((await second)[0][0], 0x89); // a ping
  await Promise.all(pongs);
  const end = room.ends[2];
  await time.advance(19_900);
  assert.equal(end.readyState, WebSocket.OPEN);
  await time.advance(100);
  assert.notEqual(end.readyState, WebSocket.OPEN);
  assert.equal(await say(ada, "Still here?", alan), "Still here?");
  silent.destroy();
});

test("Ctrl-C ends the server with clients in", async () => {
  if (process.platform === "win32") return; // it cannot be sent there
  const child = await serving("javascript", JAVASCRIPT_SERVER);
  await using room = await chat();
  const ada = await room.join(`ws://${HOST}:${child.port}`);
  const grace = await room.join(`ws://${HOST}:${child.port}`);
  assert.equal(await say(grace, "Hello", ada), "Hello");
  const ended = once(child.process, "exit");
  const closed = [ada, grace].map((client) => once(client, "close"));
  child.process.kill("SIGINT");
  for (const [{ code }] of await Promise.all(closed)) {
    assert.equal(code, 1006);
  }
  assert.deepEqual(await ended, [null, "SIGINT"]);
});

test("a silent client holds up the end", async (t) => {
  const time = clock(t);
  await using room = await chat();
  const silent = await room.raw();
  await shakeHands(silent);
  const [end] = room.ends;
  const goodbye = once(silent, "data");
  end.close(1001);
  // A frame that says: 1001, going away.
  assert.equal((await goodbye)[0].toString("hex"), "880203e9");
  await time.advance(29_900);
  assert.equal(end.readyState, WebSocket.CLOSING);
  const closed = once(end, "close");
  await time.advance(100);
  assert.equal((await closed)[0], 1006);
  silent.destroy();
});

test("a bad port is refused in one line", async () => {
  await using other = createServer().listen(0, HOST);
  await once(other, "listening");
  const taken = `${/** @type {any} */ (other.address()).port}`;
  const range = "options.port should be >= 0 and < 65536. Received ";
  for (const [PORT, why] of [
    ["abc", `${range}type number (NaN).`],
    ["70000", `${range}type number (70000).`],
    [
      taken,
      `listen EADDRINUSE: address already in use ${HOST}:${taken}`,
    ],
  ]) {
    const ended = await runNode(["uses/websocket-chat.js"], { PORT });
    assert.equal(ended.code, 2);
    const line = `Port ${PORT} is no free port: ${why}\n`;
    assert.equal(ended.stderr, line);
  }
});

// What the language does, without the program.

/**
 * A server of `ws` that ends with the test.
 * @param {import("ws").ServerOptions} [options]
 */
async function plain(options) {
  const server = new WebSocketServer({
    host: HOST,
    port: 0,
    ...options,
  });
  await once(server, "listening");
  const { port } = /** @type {any} */ (server.address());
  return {
    server,
    url: `ws://${HOST}:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, "close");
    },
  };
}

const OWN_SERVER = `
  import { WebSocketServer } from "ws";
  const limits = { host: "${HOST}", port: 0, maxPayload: 10 };
  const server = new WebSocketServer(limits, () => {
    const { port } = server.address();
    const client = new WebSocket("ws://${HOST}:" + port);
    client.onopen = () => client.send(MESSAGE);
  });
`;

// JavaScript only: in Python it costs one connection.
test("an error that nobody listens for ends the process", async () => {
  const { code, stderr } = await runNode([
    "--eval",
    OWN_SERVER.replace("MESSAGE", '"more than ten bytes"'),
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /throw er; \/\/ Unhandled 'error' event/);
  assert.match(stderr, /RangeError: Max payload size exceeded/);
});

// JavaScript only: in Python it costs one connection.
test("a listener that throws ends the process", async () => {
  const { code, stderr } = await runNode([
    "--eval",
    `${OWN_SERVER.replace("MESSAGE", '"Ada"')}
     server.on("connection", (client) => {
       client.on("error", () => {});
       client.on("message", (name) => {
         throw new Error("no room for " + name);
       });
     });`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: no room for Ada/);
});

// JavaScript only: in Python send waits.
test("a send does not wait for the other side", async () => {
  await using room = await plain();
  const ada = new WebSocket(room.url);
  const [end] = await once(room.server, "connection");
  end.pause();
  await once(ada, "open");
  for (let n = 0; n < 32; n += 1) ada.send(Buffer.alloc(1_000_000));
  assert(ada.bufferedAmount > 20_000_000);
  end.resume();
  ada.close();
  await once(ada, "close");
});

// JavaScript only: `websockets` tells text and bytes apart by their type.
test("ws hands over bytes, even of a text", async () => {
  await using room = await plain();
  const ada = new WebSocket(room.url);
  const [end] = await once(room.server, "connection");
  await once(ada, "open");
  ada.send("Zoë");
  const [message, binary] = await once(end, "message");
  assert.deepEqual([message, binary], [Buffer.from("Zoë"), false]);
});

// JavaScript only: in Python it waits until you ask.
test("a message that nobody listens to is lost", async () => {
  await using room = await plain();
  const ada = new WebSocket(room.url);
  const [end] = await once(room.server, "connection");
  await once(ada, "open");
  end.send("one");
  end.ping();
  await once(end, "pong");
  const heard = once(ada, "message");
  end.send("two");
  assert.equal((await heard)[0].data, "two");
});

// JavaScript only: a client of `websockets` can ping.
test("the built-in WebSocket cannot ping", () => {
  assert(!("ping" in WebSocket.prototype));
  assert("ping" in WsClient.prototype);
});

// JavaScript only: in Python connect waits until it is open.
test("nothing is sent before open", async () => {
  await using room = await plain();
  const builtIn = new WebSocket(room.url);
  assert.throws(() => builtIn.send("Hello"), {
    name: "InvalidStateError",
    message: "Sent before connected.",
  });
  const other = new WsClient(room.url);
  assert.throws(() => other.send("Hello"), {
    message: "WebSocket is not open: readyState 0 (CONNECTING)",
  });
  await Promise.all([once(builtIn, "open"), once(other, "open")]);
});

// JavaScript only: in Python the server takes leave of its clients.
test("a server that closes leaves its clients alone", async () => {
  await using room = await plain();
  room.server.on("connection", (end) => {
    end.on("message", (message) => end.send(`${message}`));
  });
  const ada = new WebSocket(room.url);
  await once(ada, "open");
  room.server.close();
  assert.equal(await say(ada, "Still there?", ada), "Still there?");
  await assert.rejects(
    once(new WsClient(room.url), "open"),
    /^Error: connect ECONNREFUSED/,
  );
});

// JavaScript only: in Python a loop over `connect` does it.
test("a client that is closed stays closed", async (t) => {
  const time = clock(t);
  await using room = await plain();
  let connections = 0;
  room.server.on("connection", (end) => {
    connections += 1;
    end.close(1001);
  });
  const ada = new WebSocket(room.url);
  assert.equal((await once(ada, "close"))[0].code, 1001);
  await time.advance(3_600_000);
  assert.equal(ada.readyState, WebSocket.CLOSED);
  assert.equal(connections, 1);
});

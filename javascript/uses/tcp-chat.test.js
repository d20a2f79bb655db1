import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";

import { limited, printed, runNode, serving } from "../helpers.js";
import { clients, main, server } from "./tcp-chat.js";

const HOST = "127.0.0.1";
const JAVASCRIPT_SERVER = `
console.log = (_, port) => process.stdout.write(port + "\\n");
process.env.PORT = "0";
const { main } = await import("./uses/tcp-chat.js");
await main();
`;
const IN_PYTHON = `
import asyncio, os
os.environ["PORT"] = "0"
from uses import tcp_chat
tcp_chat.print = lambda _, port, flush: print(port, flush=flush)
asyncio.run(tcp_chat.main())
`;

/** A chat that ends with the test; `join` connects one more client. */
async function chat() {
  await once(server.listen(0, HOST), "listening");
  const here = /** @type {any} */ (server.address()).port;
  /** @type {import("node:net").Socket[]} */
  const sockets = [];
  /** @type {import("node:net").Socket[]} the server's ends */
  const ends = [];
  const accepted = (/** @type {import("node:net").Socket} */ end) => {
    end.setNoDelay(); // else each batch of lines takes 40 ms
    ends.push(end);
  };
  server.on("connection", accepted);
  return {
    ends,
    join: async (port = here) => {
      const socket = connect({ port, host: HOST });
      sockets.push(socket.setEncoding("utf8"));
      await once(socket, "connect");
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.off("connection", accepted);
      server.close();
      await once(server, "close");
    },
  };
}

/** @param {import("node:net").Socket} input */
const linesAt = (input) => createInterface({ input });

/**
 * @param {import("node:net").Socket} socket
 * @param {string} line
 * @param {import("node:readline").Interface} to
 */
async function say(socket, line, to) {
  const heard = once(to, "line");
  socket.write(`${line}\n`);
  return (await heard)[0];
}

test("the conversation is printed", async () => {
  const closed = once(server, "close");
  assert.equal(await printed(main), "Ada hears: Hello, Ada\n");
  await closed;
});

test("all the others hear a line", async () => {
  await using room = await chat();
  const ada = await room.join();
  const grace = await room.join();
  const alan = await room.join();
  const graceHears = once(linesAt(grace), "line");
  assert.equal(await say(alan, "I am Alan", linesAt(ada)), "I am Alan");
  assert.deepEqual(await graceHears, ["I am Alan"]);
  // Alan does not hear himself.
  const hello = "Hello, Alan";
  assert.equal(await say(grace, hello, linesAt(alan)), hello);
});

test("lines come in any pieces", async () => {
  await using room = await chat();
  const ada = linesAt(await room.join())[Symbol.asyncIterator]();
  const grace = await room.join();
  const whole = Buffer.from("One\nTwo\nThree, Zoë\n");
  grace.write(whole.subarray(0, -2));
  assert.equal((await ada.next()).value, "One");
  assert.equal((await ada.next()).value, "Two");
  grace.write(whole.subarray(-2));
  assert.equal((await ada.next()).value, "Three, Zoë");
});

test("half a line is not said", async () => {
  await using room = await chat();
  const ada = await room.join();
  const slow = await room.join();
  const gone = await room.join();
  slow.write("Half a ");
  gone.end("Never sa");
  assert.equal(await text(gone), "");
  assert.equal(await say(ada, "Go on", linesAt(slow)), "Go on");
  assert.equal(await say(slow, "line", linesAt(ada)), "Half a line");
});

for (const end of ["", "\n"]) {
  test("too long a line ends a client", async () => {
    await using room = await chat();
    const ada = await room.join();
    const grace = await room.join();
    const atAda = linesAt(ada);
    const longest = `${"é".repeat(511)}x`;
    assert.equal(await say(grace, longest, atAda), longest);
    // Too long counts in bytes, and what came before is heard.
    const before = once(atAda, "line");
    const gone = new Promise((resolve) => grace.once("close", resolve));
    grace.on("error", () => {}).resume(); // perhaps a reset
    grace.write(`Before\n${"é".repeat(512)}x${end}`);
    assert.deepEqual(await before, ["Before"]);
    await gone;
    const alan = await room.join();
    assert.equal(await say(ada, "Go on", linesAt(alan)), "Go on");
  });
}

test("too long a line ends a client that does not read", async () => {
  await using room = await chat();
  const deaf = await room.join();
  deaf.on("error", () => {}).pause(); // perhaps a reset
  // The connection may be there for us before it is for the server.
  while (room.ends.length === 0) await once(server, "connection");
  const [end] = room.ends;
  // More than the buffers of the system hold.
  end.write(Buffer.alloc(32_000_000));
  const closed = once(end, "close");
  deaf.write("x".repeat(1025));
  await limited(closed, () => "still connected");
});

test("a client that does not read is out", async () => {
  await using room = await chat();
  const deaf = await room.join();
  deaf.pause();
  const ada = await room.join();
  const alan = await room.join();
  const [end] = room.ends;
  const atAlan = alan.iterator();
  const lines = `${"x".repeat(1023)}\n`.repeat(16);
  let unread = 0;
  for (let said = 0; said < 10_000 && !end.destroyed; said += 1) {
    unread = Math.max(unread, end.writableLength);
    ada.write(lines);
    for (let left = lines.length; left > 0; ) {
      left -= (await atAlan.next()).value.length;
    }
  }
  assert(end.destroyed);
  assert(0 < unread && unread <= 65_536, `${unread} bytes`);
});

test("a client that vanishes disturbs nobody", async () => {
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

test("clients of the other language are served", async () => {
  const { port } = await serving("python", IN_PYTHON);
  await using room = await chat();
  const ada = await room.join(port);
  const grace = await room.join(port);
  assert.equal(await say(grace, "Zoë?", linesAt(ada)), "Zoë?");
  assert.equal(await say(ada, "Here", linesAt(grace)), "Here");
});

test("Ctrl-C ends the server with clients in", async () => {
  if (process.platform === "win32") return; // it cannot be sent there
  const child = await serving("javascript", JAVASCRIPT_SERVER);
  await using room = await chat();
  const ada = await room.join(child.port);
  const grace = await room.join(child.port);
  await say(grace, "Hello", linesAt(ada));
  const ended = once(child.process, "exit");
  child.process.kill("SIGINT");
  assert.deepEqual(await ended, [null, "SIGINT"]);
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
    const ended = await runNode(["uses/tcp-chat.js"], { PORT });
    assert.equal(ended.code, 2);
    const line = `Port ${PORT} is no free port: ${why}\n`;
    assert.equal(ended.stderr, line);
  }
});

// What the language does, without the program.

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
  assert.match(stderr, /throw er; \/\/ Unhandled 'error' event/);
  assert.match(stderr, /Error: read ECONNRESET/);
});

test("nobody listens at the port", async () => {
  const free = createServer().listen(0, HOST);
  await once(free, "listening");
  const { port } = /** @type {any} */ (free.address());
  await once(free.close(), "close");
  await assert.rejects(once(connect(port, HOST), "connect"), {
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

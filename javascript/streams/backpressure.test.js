import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { printed } from "../helpers.js";
import { main, send } from "./backpressure.js";

const HOST = "127.0.0.1";

/** A socket, and its other end, which reads only if told. */
async function connected() {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = /** @type {any} */ (server.address());
  const socket = connect(port, HOST);
  /** @type {[import("node:net").Socket[], unknown]} */
  const [[other]] = /** @type {any} */ (
    await Promise.all([
      once(server, "connection"),
      once(socket, "connect"),
    ])
  );
  return {
    socket,
    other,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      other.destroy();
      await once(server.close(), "close");
    },
  };
}

test("without waiting the memory fills", async () => {
  assert.equal(
    await printed(main),
    "Memory, if you only write: over 100 pieces\n" +
      "Memory, if you wait, too: at most 2 pieces\n",
  );
});

test("the limit is two pieces and all arrives", async () => {
  let received = 0;
  await using server = createServer((socket) => {
    socket.on("data", (piece) => {
      received += piece.length;
    });
  });
  await once(server.listen(0, HOST), "listening");
  const { port } = /** @type {any} */ (server.address());
  const most = await send(port, true);
  assert(0 < most && most <= 131_072, `${most} bytes`);
  assert.equal(received, 500 * 65_536);
});

// What the language does, without the program.

test("a write returns while nobody reads", async () => {
  await using pair = await connected();
  assert.equal(pair.socket.write(Buffer.alloc(32_000_000)), false);
  assert(pair.socket.writableLength > 10_000_000);
});

test("a slow reader slows the writer", async () => {
  await using pair = await connected();
  const { socket, other } = pair;
  let done = false;
  socket.write(Buffer.alloc(32_000_000));
  const waiting = once(socket, "drain").then(() => {
    done = true;
  });
  // The loop has gone round: this came in over the network.
  other.write("Not yet\n");
  assert.equal(`${(await once(socket, "data"))[0]}`, "Not yet\n");
  assert.equal(done, false);
  other.resume();
  await waiting;
});

test("the marks at which a writer stops and goes on", async () => {
  await using pair = await connected();
  const { socket, other } = pair;
  const mark = process.platform === "win32" ? 16_384 : 65_536;
  assert.equal(socket.writableHighWaterMark, mark);
  socket.write(Buffer.alloc(32_000_000));
  other.resume();
  await once(socket, "drain");
  assert.equal(socket.writableLength, 0);
});

test("a wait ends if the connection does", async () => {
  await using pair = await connected();
  const { socket, other } = pair;
  socket.write(Buffer.alloc(32_000_000));
  const waiting = once(socket, "drain");
  other.resetAndDestroy();
  await assert.rejects(waiting, { syscall: /^(read|write)$/ });
});

// JavaScript only: Python's drain ends in this case.
test("a wait for drain outlives a destroyed socket", async () => {
  await using pair = await connected();
  const { socket } = pair;
  socket.write(Buffer.alloc(32_000_000));
  let settled = false;
  const stop = new AbortController();
  const waiting = once(socket, "drain", { signal: stop.signal });
  waiting
    .catch(() => {})
    .finally(() => {
      settled = true;
    });
  socket.destroy();
  await once(socket, "close");
  await turn();
  assert.equal(settled, false);
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});

// JavaScript only: asyncio has no pipeline.
test("a pipeline waits by itself", async () => {
  let taken = 0;
  const source = Readable.from(
    (function* () {
      for (let n = 0; n < 100; n += 1) {
        taken += 1;
        yield Buffer.alloc(65_536);
      }
    })(),
  );
  const sink = new PassThrough();
  const piping = pipeline(source, sink);
  for (let n = 0; n < 20; n += 1) await turn();
  // Nobody reads: a few pieces fill the buffers.
  assert(taken < 30, `${taken} pieces`);
  sink.resume();
  await piping;
  assert.equal(taken, 100);
});

// JavaScript only: asyncio has no pipeline.
test("a pipeline fails if its reader leaves", async () => {
  const sink = new PassThrough();
  const source = Readable.from([Buffer.alloc(10)]);
  const piping = pipeline(source, sink);
  sink.destroy();
  await assert.rejects(piping, {
    code: "ERR_STREAM_PREMATURE_CLOSE",
    message: "Premature close",
  });
});

// JavaScript only: asyncio has one kind of streams.
test("a web stream says how much it still wants", async () => {
  /** @type {PromiseWithResolvers<void>} */
  const held = Promise.withResolvers();
  const stream = new WritableStream({ write: () => held.promise });
  const writer = stream.getWriter();
  assert.equal(writer.desiredSize, 1);
  const writes = [writer.write("a"), writer.write("b")];
  assert.equal(writer.desiredSize, -1);
  let ready = false;
  const waiting = writer.ready.then(() => {
    ready = true;
  });
  await turn();
  assert.equal(ready, false);
  held.resolve();
  await waiting;
  await Promise.all(writes);
});

// JavaScript only: asyncio has one kind of streams.
test("pipeTo waits by itself", async () => {
  /** @type {PromiseWithResolvers<void>} */
  const held = Promise.withResolvers();
  let taken = 0;
  const source = new ReadableStream({
    pull(controller) {
      taken += 1;
      controller.enqueue("piece");
      if (taken === 100) controller.close();
    },
  });
  let written = 0;
  const sink = new WritableStream({
    async write() {
      await held.promise;
      written += 1;
    },
  });
  const piping = source.pipeTo(sink);
  for (let n = 0; n < 20; n += 1) await turn();
  // The sink is at its first piece: a few more wait for it.
  assert(taken < 10, `${taken} pieces`);
  held.resolve();
  await piping;
  assert.equal(written, 100);
});

// JavaScript only: Python's drain returns at once.
test("no drain comes without a false", async () => {
  await using pair = await connected();
  const { socket, other } = pair;
  let drained = false;
  socket.once("drain", () => {
    drained = true;
  });
  assert.equal(socket.write("little"), true);
  assert.equal(`${(await once(other, "data"))[0]}`, "little");
  other.write("Heard");
  await once(socket, "data");
  assert.equal(drained, false);
});

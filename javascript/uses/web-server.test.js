import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { mockApi, serving } from "../helpers.js";
import { serve } from "./web-server.js";

const HOST = "127.0.0.1";
const COUNTED = `
import { subscribe } from "node:diagnostics_channel";
import { main } from "./web-server.js";

let inFlight = 0;
let most = 0;
subscribe("http.server.request.start", () => {
  inFlight += 1;
  most = Math.max(most, inFlight);
});
subscribe("http.server.response.finish", () => {
  inFlight -= 1;
});
await main();
console.log("Most requests in flight:", most);
`;
const IN_PYTHON = `
import asyncio
from fastapi import FastAPI
from uses.web_server import serve

app = FastAPI()

@app.get("/{name}")
async def hello(name: str):
    return f"Hello from Python, {name}"

async def main():
    server, serving, port = serve(app)
    print(port, flush=True)
    await serving

asyncio.run(main())
`;
// A server of its own process, as what it does freezes that.
const SERVER = `
import { execFileSync } from "node:child_process";
import { serve } from "./uses/web-server.js";

const data = process.env.API_URL + "/data";
const asking = ["--input-type=module", "-e", \`await fetch("\${data}")\`];

const server = await serve(async (request, response) => {
  // The mistake: nothing else runs until the answer is here.
  if (request.url === "/block") execFileSync(process.execPath, asking);
  if (request.url === "/wait") await fetch(data);
  response.end("here");
});
console.log(server.address().port);
`;
const GRACEFUL = `${SERVER}
process.on("SIGTERM", () => server.close());
`;

/**
 * A server that ends with the test.
 * @param {import("node:http").RequestListener} answer
 */
async function running(answer) {
  const server = await serve(answer);
  const { port } = /** @type {any} */ (server.address());
  return {
    server,
    port,
    url: `http://${HOST}:${port}`,
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/**
 * A connection that sends only what we send.
 * @param {number} port
 * @param {string} [bytes]
 */
async function raw(port, bytes) {
  const socket = connect(port, HOST);
  await once(socket, "connect");
  if (bytes) socket.write(bytes);
  return socket;
}

/**
 * Wait until the server lets nobody in any more.
 * @param {number} port
 */
async function refused(port) {
  try {
    for (;;) {
      (await raw(port)).destroy();
      await sleep(10);
    }
  } catch (error) {
    assert.match(error.code, /^ECONNREFUSED|ECONNRESET$/);
  }
}

/** @type {import("node:http").RequestListener} */
const quick = (_request, response) => response.end("here");

test("a thousand clients wait on one thread", async () => {
  // However few files the process may open at first.
  const [command, ...start] =
    process.platform === "win32"
      ? [process.execPath]
      : [
          "sh",
          "-c",
          'ulimit -Sn 256; exec "$0" "$@"',
          process.execPath,
        ];
  const args = [...start, "--input-type=module", "--eval", COUNTED];
  const options = { cwd: import.meta.dirname, timeout: 60_000 };
  const ended = await promisify(execFile)(command, args, options);
  assert.deepEqual(ended, {
    stdout:
      "1000 clients wait, threads: 1\n" +
      "Served after it was told to stop: 1000\n" +
      "Most requests in flight: 1000\n",
    stderr: "",
  });
});

test("a client of the other language is served", async () => {
  const { port } = await serving("python", IN_PYTHON);
  const response = await fetch(`http://${HOST}:${port}/Ada`);
  assert.equal(await response.json(), "Hello from Python, Ada");
});

test("a blocking handler freezes all", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const { port } = await serving("javascript", SERVER, {
    API_URL: api.url,
  });
  const url = `http://${HOST}:${port}`;
  const blocked = fetch(`${url}/block`);
  await api.saw("GET /data");
  const others = [fetch(url), fetch(`${url}/block`)];
  const first = await Promise.race([...others, sleep(100, "nobody")]);
  assert.equal(first, "nobody");
  assert.equal((await api.log({ settled: false })).length, 1);
  await api.release("/data");
  for (const answer of [blocked, ...others]) {
    assert.equal(await (await answer).text(), "here");
  }
  // One by one.
  const inFlight = (await api.log()).map((entry) => entry.inFlight);
  assert.deepEqual(inFlight, [1, 1]);
});

test("a stop finishes what is in flight", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  await using room = await running(async (_request, response) => {
    await fetch(`${api.url}/data`);
    response.end("done");
  });
  const asking = fetch(room.url, { headers: { Connection: "close" } });
  await api.saw("GET /data");
  room.server.close();
  await refused(room.port);
  await api.release("/data");
  assert.equal(await (await asking).text(), "done");
});

test("a kill finishes what is in flight", async (t) => {
  if (process.platform === "win32") return; // it cannot be heard there
  const api = await mockApi(t);
  await api.hold("/data");
  const env = { API_URL: api.url };
  const { port, process: child } = await serving(
    "javascript",
    GRACEFUL,
    env,
  );
  const ended = once(child, "exit");
  const close = "Connection: close";
  const asking = await raw(
    port,
    `GET /wait HTTP/1.1\r\nHost: x\r\n${close}\r\n\r\n`,
  );
  await api.saw("GET /data");
  child.kill("SIGTERM");
  await refused(port);
  await api.release("/data");
  assert.match(await text(asking), /^HTTP\/1.1 200 OK\r\n/);
  assert.deepEqual(await ended, [0, null]);
});

// JavaScript only: uvicorn listens by itself.
test("a kill that nobody listens for ends it at once", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const env = { API_URL: api.url };
  const { port, process: child } = await serving(
    "javascript",
    SERVER,
    env,
  );
  const ended = once(child, "exit");
  const asking = fetch(`http://${HOST}:${port}/wait`);
  await api.saw("GET /data");
  child.kill("SIGTERM");
  await assert.rejects(asking, TypeError);
  assert.deepEqual(await ended, [null, "SIGTERM"]);
});

// JavaScript only: uvicorn closes these connections, too.
test("idle and half connections outlive a close", async () => {
  /** @type {PromiseWithResolvers<void>} */
  const release = Promise.withResolvers();
  await using room = await running(async (_request, response) => {
    await release.promise;
    response.end("here");
  });
  const { server } = room;
  server.keepAliveTimeout = 0; // by itself it would end after 5 s
  const open = promisify(server.getConnections.bind(server));

  const accepted = once(server, "connection");
  const half = await raw(room.port, "GET / HT");
  const [end] = await accepted;
  while (end.bytesRead === 0) await sleep(1);
  const asked = once(server, "request");
  const whole = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const asking = await raw(room.port, whole);
  await asked;
  const closed = once(server.close(), "close");
  release.resolve();
  assert.match(
    `${await once(asking, "data")}`,
    /^HTTP\/1.1 200 OK\r\n/,
  );
  assert.equal(await open(), 2);

  server.closeIdleConnections();
  await once(asking, "close");
  assert.equal(await open(), 1);
  half.on("error", () => {}); // it is reset
  server.closeAllConnections();
  await closed;
});

test("silence and half a request disturb nobody", async () => {
  await using room = await running(quick);
  const silent = await raw(room.port);
  const half = await raw(room.port, "GET / HT");
  assert.equal(await (await fetch(room.url)).text(), "here");
  half.write("TP/1.0\r\n\r\n");
  assert.match(await text(half), /here$/);
  silent.destroy();
});

// JavaScript only: uvicorn would wait on.
test("a request that takes too long to come is answered 408", async () => {
  await using server = createServer(
    // Time enough for what is sent to arrive.
    { connectionsCheckingInterval: 10, headersTimeout: 1000 },
    quick,
  );
  await once(server.listen(0, HOST), "listening");
  const { port } = /** @type {any} */ (server.address());
  for (const bytes of ["", "GET / HT"]) {
    const answer = await text(await raw(port, bytes));
    assert.match(answer, /^HTTP\/1.1 408 Request Timeout\r\n/);
  }
  assert.equal(createServer().headersTimeout, 60_000);
});

test("a line without end is refused", async () => {
  await using room = await running(quick);
  const endless = await raw(room.port, `GET /${"x".repeat(20_000)}`);
  assert.match(
    await text(endless),
    /^HTTP\/1.1 431 Request Header Fields Too Large\r\n/,
  );
  assert.equal(await (await fetch(room.url)).text(), "here");
});

test("a client gone mid-answer disturbs nobody", async (t) => {
  const api = await mockApi(t);
  const gone = [];
  await using room = await running(async (request, response) => {
    if (request.url === "/gone") {
      await fetch(`${api.url}/data`);
      gone.push(response.destroyed);
    }
    response.end(request.url === "/long" ? "x".repeat(10_000_000) : "");
  });
  await api.hold("/data");
  const waiting = await raw(room.port, "GET /gone HTTP/1.0\r\n\r\n");
  await api.saw("GET /data");
  waiting.resetAndDestroy();
  assert.equal((await fetch(room.url)).status, 200);
  await api.release("/data");

  const reading = await raw(room.port, "GET /long HTTP/1.0\r\n\r\n");
  await once(reading, "data");
  reading.resetAndDestroy();
  assert.equal((await fetch(room.url)).status, 200);
  // The handler was not stopped; it had to ask.
  const [entry] = await api.log();
  assert.equal(entry.ending, "completed");
  assert.deepEqual(gone, [true]);
});

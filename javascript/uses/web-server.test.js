import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as listenFor } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";

import {
  clock,
  mockApi,
  printed,
  runNode,
  running,
  serving,
} from "../helpers.js";
import { main, makeServer } from "./web-server.js";

const HOST = "127.0.0.1";
const OUTPUT = `\
201 {"post": 1, "text": "hello"}
404 {"post": 999, "text": "hello"}
500 {"post": 2, "text": ""}
422 {"post": 3, "text":${" "}
`;
const GOOD = '{"post": 1, "text": "hi"}';
const IN_PYTHON = `
import asyncio, os, socket
import httpx
from uses.web_server import make_server

async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    async with httpx.AsyncClient(base_url=os.environ["API_URL"]) as api:
        await make_server(api).serve([listener])

asyncio.run(main())
`;
// A server of its own process, as what it does stops that.
const BLOCKING = `
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";

const data = process.env.API_URL + "/data";
const asking = ["--input-type=module", "-e", \`await fetch("\${data}")\`];

const server = createServer((request, response) => {
  // The mistake: nothing else runs until the answer is here.
  if (request.url === "/block") execFileSync(process.execPath, asking);
  response.end("here");
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/**
 * A server that ends with the test.
 * @param {import("node:http").Server} server
 */
async function served(server) {
  await once(server.listen(0, HOST), "listening");
  const { port } = /** @type {any} */ (server.address());
  return {
    port,
    url: `http://${HOST}:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      if (server.listening) await server[Symbol.asyncDispose]();
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

/** @param {string} url @param {any} body @param {object} [options] */
function post(url, body, options) {
  return fetch(url, { method: "POST", body, ...options });
}

/**
 * Run a server whose handler has this body, and send it one request.
 * @param {string} kind "" or "async"
 * @param {string} body
 */
function crash(kind, body) {
  const source = `
    const server = require("node:http").createServer(
      ${kind} (request, response) => { ${body} },
    );
    server.listen(0, "127.0.0.1", async () => {
      const url = "http://127.0.0.1:" + server.address().port;
      const answer = await fetch(url).catch((error) => error.cause);
      console.log(answer.code ?? await answer.text());
      server.close();
    });
  `;
  return runNode(["--eval", source]);
}

/** @type {import("node:http").RequestListener} */
const quick = (_request, response) => response.end("here");

test("four comments get four answers", async (t) => {
  const api = await mockApi(t);
  assert.equal(await printed(() => main(api.url)), OUTPUT);
  // The fourth body is no comment: nobody is asked for its post.
  const log = await api.log();
  assert.deepEqual(
    log.map((e) => `${e.method} ${e.path} ${e.status}`).sort(),
    ["HEAD /posts/1 200", "HEAD /posts/2 200", "HEAD /posts/999 404"],
  );
});

test("while one handler waits the others are served", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts/1");
  const program = running(() => main(api.url));
  await api.saw("/posts/1");
  await api.ended("/posts/999");
  await api.ended("/posts/2");
  const log = await api.log({ settled: false });
  const first = log.find((entry) => entry.path === "/posts/1");
  assert.equal(first?.ending, null);
  await api.release("/posts/1");
  await program.done;
});

test("all the handlers wait at once", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts/*");
  const program = running(() => main(api.url));
  await api.saw("/posts/*", 3);
  await api.release("/posts/*");
  await program.done;
  assert.equal(program.output, OUTPUT);
});

test("the answer is JSON", async (t) => {
  const api = await mockApi(t);
  await using room = await served(makeServer(api.url));
  const answer = await post(`${room.url}/comments`, GOOD);
  assert.equal(answer.status, 201);
  const type = answer.headers.get("Content-Type");
  assert.equal(type, "application/json");
  assert.equal(await answer.json(), "Hi");
});

for (const body of [
  "",
  "null",
  "[]",
  "{",
  '{"text": "hi"}',
  '{"post": "../users/1", "text": "hi"}',
  '{"post": 1}',
  '{"post": 1, "text": 5}',
]) {
  test(`a body that is no comment is a 422 (${body})`, async (t) => {
    const api = await mockApi(t);
    await using room = await served(makeServer(api.url));
    const answer = await post(`${room.url}/comments`, body);
    assert.equal(answer.status, 422);
    assert.equal(await answer.json(), null);
    const again = await post(`${room.url}/comments`, GOOD);
    assert.equal(again.status, 201);
    assert.equal(await again.json(), "Hi");
    const paths = (await api.log()).map((entry) => entry.path);
    assert.deepEqual(paths, ["/posts/1"]);
  });
}

test("a body that is too long is a 413", async (t) => {
  const api = await mockApi(t);
  await using room = await served(makeServer(api.url));
  for (const [spaces, expected] of [
    [9900, 201],
    [10_000, 413],
  ]) {
    const body = GOOD + " ".repeat(spaces);
    const answer = await post(`${room.url}/comments`, body);
    assert.equal(answer.status, expected);
    await answer.text();
  }
  assert.equal((await api.log()).length, 1);
});

// JavaScript only: FastAPI counts what comes.
test("a body that does not say its length is a 413", async (t) => {
  const api = await mockApi(t);
  await using room = await served(makeServer(api.url));
  const body = Readable.toWeb(Readable.from([Buffer.from(GOOD)]));
  const options = { duplex: "half" };
  const answer = await post(`${room.url}/comments`, body, options);
  assert.equal(answer.status, 413);
  await answer.text();
  assert.deepEqual(await api.log(), []);
});

test("a path without a route is a 404", async (t) => {
  const api = await mockApi(t);
  await using room = await served(makeServer(api.url));
  const answer = await post(`${room.url}/nothing`, GOOD);
  assert.equal(answer.status, 404);
  await answer.text();
  assert.deepEqual(await api.log(), []);
});

test("the status of the API is handed on", async (t) => {
  const api = await mockApi(t);
  await api.fail("/posts/1", [503]);
  await using room = await served(makeServer(api.url));
  const answer = await post(`${room.url}/comments`, GOOD);
  assert.equal(answer.status, 503);
  await answer.text();
});

test("a handler waits three seconds for the API", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts/1");
  await using room = await served(makeServer(api.url));
  const time = clock(t);
  const answer = post(`${room.url}/comments`, GOOD);
  await api.saw("/posts/1");
  await time.advance(2900);
  const [entry] = await api.log({ settled: false });
  assert.equal(entry.ending, null);
  await time.advance(200);
  assert.equal((await answer).status, 500);
  await (await answer).text();
  await api.ended("/posts/1");
  const [after] = await api.log();
  assert.equal(after.ending, "client hung up");
});

test("the server ends with the program", async (t) => {
  const api = await mockApi(t);
  const env = { API_URL: api.url };
  const ended = await runNode(["uses/web-server.js"], env);
  assert.deepEqual(ended, { code: 0, stdout: OUTPUT, stderr: "" });
});

test("a stop finishes what is in flight", async (t) => {
  const api = await mockApi(t);
  await api.hold("/posts/1");
  const server = makeServer(api.url);
  await using room = await served(server);
  const answer = post(`${room.url}/comments`, GOOD);
  await api.saw("/posts/1");
  server.close();
  await assert.rejects(raw(room.port), { code: "ECONNREFUSED" });
  await api.release("/posts/1");
  assert.equal((await answer).status, 201);
  await (await answer).text();
});

test("without the API every comment is a 500", async () => {
  const unused = listenFor().listen(0, HOST);
  await once(unused, "listening");
  const { port } = /** @type {any} */ (unused.address());
  await once(unused.close(), "close");
  const output = await printed(() => main(`http://${HOST}:${port}`));
  const statuses = output.match(/^\d+/gm);
  assert.deepEqual(statuses, ["500", "500", "500", "422"]);
});

test("a client of the other language is served", async (t) => {
  const api = await mockApi(t);
  const env = { API_URL: api.url };
  const { port } = await serving("python", IN_PYTHON, env);
  const headers = { "Content-Type": "application/json" };
  const url = `http://${HOST}:${port}/comments`;
  const answer = await post(url, GOOD, { headers });
  assert.equal(answer.status, 201);
  assert.equal(await answer.json(), "Hi");
});

// What the language does, without the program.

function threads() {
  // Other systems do not say how many threads a process has.
  return process.platform === "linux"
    ? readdirSync("/proc/self/task").length
    : 1;
}

test("a thousand clients wait on one thread", async () => {
  /** @type {import("node:http").ServerResponse[]} */
  const waiting = [];
  const server = createServer((request, response) => {
    if (request.url === "/quick") response.end();
    else waiting.push(response);
  });
  await using room = await served(server);
  await (await fetch(`${room.url}/quick`)).text();
  const before = threads();
  const clients = Array.from({ length: 1000 }, async () => {
    const response = await fetch(room.url);
    await response.text();
    return response.status;
  });
  while (waiting.length < 1000) await turn();
  assert.equal(threads(), before);
  for (const response of waiting) response.end();
  const statuses = await Promise.all(clients);
  assert.deepEqual(statuses, Array(1000).fill(200));
});

// JavaScript only: Python leaves the limit as it is.
test("Node raises the limit of open files", async () => {
  if (process.platform === "win32") return; // it has no such limit
  const limits = "process.report.getReport().userLimits.open_files";
  const ended = await promisify(execFile)("sh", [
    "-c",
    'ulimit -Sn 256 && exec "$0" --print "$1"',
    process.execPath,
    `const { soft, hard } = ${limits}; soft === hard && hard !== 256`,
  ]);
  assert.equal(ended.stdout, "true\n");
});

test("a blocking handler stops all", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const env = { API_URL: api.url };
  const { port } = await serving("javascript", BLOCKING, env);
  const url = `http://${HOST}:${port}`;
  const other = await raw(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(`${await once(other, "data")}`, /here$/);
  const blocked = fetch(`${url}/block`);
  await api.saw("GET /data");
  let served = false;
  const answer = once(other, "data").then(([data]) => {
    served = true;
    return `${data}`;
  });
  other.write("GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
  // One request of ours after the other, through another server.
  for (let n = 0; n < 10; n += 1) await api.log({ settled: false });
  assert.equal(served, false);
  await api.release("/data");
  assert.equal(await (await blocked).text(), "here");
  assert.match(await answer, /^HTTP\/1.1 200 OK\r\n/);
  other.destroy();
  // One by one.
  const inFlight = (await api.log()).map((entry) => entry.inFlight);
  assert.deepEqual(inFlight, [1, 1]);
});

// JavaScript only: in Python it is a 500.
test("a handler that throws ends the process", async () => {
  for (const kind of ["", "async"]) {
    const body = 'throw new Error("a bug");';
    const { code, stdout, stderr } = await crash(kind, body);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /\n {4}at Server\.<anonymous> /);
    assert.match(stderr, /\nError: a bug\n/);
  }
});

// JavaScript only: in Python the return value is the answer.
test("a handler that answers twice ends the process", async () => {
  for (const [second, message] of [
    [
      'setHeader("X-Again", "1")',
      "Cannot set headers after they are sent to the client",
    ],
    [
      "writeHead(200)",
      "Cannot write headers after they are sent to the client",
    ],
  ]) {
    const body = `response.end("one"); response.${second};`;
    const { code, stderr } = await crash("async", body);
    assert.equal(code, 1);
    const line = `Error [ERR_HTTP_HEADERS_SENT]: ${message}\n`;
    assert.ok(stderr.includes(line), stderr);
  }
});

// JavaScript only: in Python the return value is the answer.
test("a handler that does not answer leaves its client waiting", async () => {
  await using room = await served(createServer(async () => {}));
  const client = await raw(room.port, "GET / HTTP/1.0\r\n\r\n");
  let answered = false;
  client.on("data", () => {
    answered = true;
  });
  // The server answers other connections meanwhile.
  const other = await raw(room.port, "nonsense\r\n\r\n");
  assert.match(await text(other), /^HTTP\/1.1 400 Bad Request\r\n/);
  assert.equal(answered, false);
  assert.equal(client.readyState, "open");
  client.destroy();
});

test("a body has no limit by itself", async () => {
  const server = createServer(async (request, response) => {
    response.end(`${(await text(request)).length}`);
  });
  await using room = await served(server);
  const answer = await post(room.url, "x".repeat(20_000_000));
  assert.equal(await answer.text(), "20000000");
});

test("a handler goes on when its client has gone", async (t) => {
  const api = await mockApi(t);
  const gone = [];
  const server = createServer(async (request, response) => {
    if (request.url === "/gone") {
      response.on("close", () => gone.push("close"));
      gone.push(response.destroyed);
      await fetch(`${api.url}/data`);
      gone.push(response.destroyed);
    }
    response.end(request.url === "/long" ? "x".repeat(10_000_000) : "");
  });
  await using room = await served(server);
  await api.hold("/data");
  const waiting = await raw(room.port, "GET /gone HTTP/1.0\r\n\r\n");
  await api.saw("GET /data");
  waiting.resetAndDestroy();
  assert.equal((await fetch(room.url)).status, 200);
  await api.release("/data");
  await api.ended("/data");

  const reading = await raw(room.port, "GET /long HTTP/1.0\r\n\r\n");
  await once(reading, "data");
  reading.resetAndDestroy();
  assert.equal((await fetch(room.url)).status, 200);
  while (gone.length < 3) await turn();
  // Node told it, but did not stop it.
  assert.deepEqual(gone, [false, "close", true]);
  const [entry] = await api.log();
  assert.equal(entry.ending, "completed");
});

test("a stream is stopped when its client has gone", async () => {
  let closed = false;
  async function* parts() {
    try {
      for (;;) yield "part\n".repeat(10_000);
    } finally {
      closed = true;
    }
  }
  /** @type {PromiseWithResolvers<any>} */
  const ended = Promise.withResolvers();
  const server = createServer((request, response) => {
    if (request.url === "/") return quick(request, response);
    return void pipeline(parts, response).catch(ended.resolve);
  });
  await using room = await served(server);
  const reading = await raw(room.port, "GET /s HTTP/1.0\r\n\r\n");
  await once(reading, "data");
  reading.resetAndDestroy();
  const error = await ended.promise;
  assert.match(
    `${error.stack}`,
    /^Error \[ERR_STREAM_PREMATURE_CLOSE\]: Premature close\n/,
  );
  while (!closed) await turn();
  assert.equal(await (await fetch(room.url)).text(), "here");
});

test("silence and half a request disturb nobody", async () => {
  await using room = await served(createServer(quick));
  const silent = await raw(room.port);
  const half = await raw(room.port, "GET / HT");
  assert.equal(await (await fetch(room.url)).text(), "here");
  half.write("TP/1.0\r\n\r\n");
  assert.match(await text(half), /here$/);
  silent.destroy();
});

// JavaScript only: uvicorn would wait on.
test("a request that takes too long to come is answered 408", async () => {
  const head =
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
  for (const [requestTimeout, bytes] of [
    [60_000, ""],
    [60_000, "GET / HT"],
    [50, `${head}half`],
  ]) {
    const limits = {
      headersTimeout: 50,
      requestTimeout: Number(requestTimeout),
      // How often Node looks.
      connectionsCheckingInterval: 10,
    };
    const server = createServer(limits, (request) => request.resume());
    await using room = await served(server);
    const answer = await text(await raw(room.port, `${bytes}`));
    assert.match(answer, /^HTTP\/1.1 408 Request Timeout\r\n/);
  }
  const { headersTimeout, requestTimeout } = createServer();
  assert.equal(headersTimeout, 60_000);
  assert.equal(requestTimeout, 300_000);
});

test("a line without end is refused", async () => {
  await using room = await served(createServer(quick));
  const endless = await raw(room.port, `GET /${"x".repeat(20_000)}`);
  assert.match(
    await text(endless),
    /^HTTP\/1.1 431 Request Header Fields Too Large\r\n/,
  );
  assert.equal(await (await fetch(room.url)).text(), "here");
});

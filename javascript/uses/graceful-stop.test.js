import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { promisify } from "node:util";

import {
  clock,
  mockApi,
  openTimers,
  printed,
  serving,
} from "../helpers.js";
import { main, makeServer, stop } from "./graceful-stop.js";

const HOST = "127.0.0.1";
// The server in a process of its own, as one runs it.
const IN_NODE = `
import { makeServer } from "./uses/graceful-stop.js";
const server = makeServer(process.env.API_URL);
server.listen(0, "${HOST}", () => console.log(server.address().port));
`;
// The same without a listener for SIGTERM.
const DEAF = `${IN_NODE}
process.removeAllListeners("SIGTERM");
`;

// The servers of the tests listen for signals that never come.
after(() => {
  process.removeAllListeners("SIGTERM").removeAllListeners("SIGINT");
});
process.setMaxListeners(20);

/**
 * A server that ends with the test, and its port.
 * @param {import("node:http").Server} server
 */
async function listening(server) {
  await once(server.listen(0, HOST), "listening");
  return {
    port: /** @type {any} */ (server.address()).port,
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
 * @param {string} bytes
 */
async function raw(port, bytes) {
  const socket = connect(port, HOST);
  await once(socket, "connect");
  socket.write(bytes);
  return socket;
}

const request = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/**
 * Wait until the server lets nobody in any more.
 * @param {number} port
 */
async function refused(port) {
  try {
    for (;;) (await raw(port, "")).destroy();
  } catch (error) {
    assert.match(error.code, /^ECONNREFUSED|ECONNRESET$/);
  }
}

test("who is under way is answered and nobody else", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    'Under way: {"id":1,"name":"Ada"}\n' +
      "New: no answer\n" +
      "Too slow: no answer\n",
  );
  // The new one has never come to the API.
  assert.deepEqual(await api.endings(), {
    "/users/1": "completed",
    "/users/2": "client hung up",
  });
});

test("a signal finishes what is under way", async (t) => {
  if (process.platform === "win32") return; // it cannot send them
  const api = await mockApi(t);
  for (const [n, signal] of ["SIGTERM", "SIGINT"].entries()) {
    await api.hold("/users/1");
    const env = { API_URL: api.url };
    const server = await serving("javascript", IN_NODE, env);
    const ended = once(server.process, "exit");
    // It asks to keep the connection: the server has to decline.
    const asking = await raw(server.port, request("/users/1"));
    await api.saw("GET /users/1", n + 1);
    server.process.kill(/** @type {NodeJS.Signals} */ (signal));
    await refused(server.port);
    await api.release("/users/1");
    const answer = await text(asking);
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
    assert.match(answer, /\r\nConnection: close\r\n/);
    assert.deepEqual(await ended, [0, null]);
  }
});

test("a failure of the API is passed on", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1", [503]);
  await using here = await listening(makeServer(api.url));
  const url = `http://${HOST}:${here.port}/users/1`;
  const answer = await fetch(url);
  await answer.text();
  assert.equal(answer.status, 503);
  await api.drop("/users/1");
  await assert.rejects(fetch(url), /fetch failed/);
});

test("the limit is one second", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/2");
  const server = makeServer(api.url);
  await using here = await listening(server);
  const asking = await raw(here.port, request("/users/2"));
  asking.on("error", () => {}); // it may be reset
  const answer = text(asking).catch(() => "");
  await api.saw("GET /users/2");
  const time = clock(t);
  const stopped = stop(server);
  await time.advance(999);
  const [entry] = await api.log({ settled: false });
  assert.equal(entry.ending, null);
  await time.advance(1);
  await stopped;
  assert.equal(await answer, "");
  await api.ended("GET /users/2");
  assert.deepEqual(await api.endings(), {
    "/users/2": "client hung up",
  });
});

// JavaScript only: uvicorn's limit ends with the server.
test("nobody waits for the limit when all has ended", async () => {
  const before = openTimers();
  const server = makeServer("");
  await using _ = await listening(server);
  await stop(server);
  assert.equal(openTimers(), before);
});

// What the language does, without the program.

test("without a limit the server waits on", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/2");
  const server = makeServer(api.url);
  await using here = await listening(server);
  const asking = await raw(here.port, request("/users/2"));
  await api.saw("GET /users/2");
  const time = clock(t);
  let closed = false;
  server.close(() => {
    closed = true;
  });
  await time.advance(60_000);
  assert.equal(closed, false);
  await api.release("/users/2");
  assert.match(await text(asking), /^HTTP\/1.1 200 OK\r\n/);
});

// JavaScript only: uvicorn cancels the handler.
test("a handler works on when its connection is gone", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/1");
  const done = Promise.withResolvers();
  const server = createServer(async (_request, response) => {
    const answer = await fetch(`${api.url}/users/1`);
    done.resolve((await answer.json()).name);
    response.end();
  });
  await using here = await listening(server);
  const asking = await raw(here.port, request("/"));
  asking.on("error", () => {}); // it may be reset
  await api.saw("GET /users/1");
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
  await api.release("/users/1");
  assert.equal(await done.promise, "Ada");
  assert.deepEqual(await api.endings(), { "/users/1": "completed" });
});

// JavaScript only: uvicorn closes these connections.
test("idle and half connections outlive a close", async () => {
  /** @type {PromiseWithResolvers<void>} */
  const release = Promise.withResolvers();
  const server = createServer(async (_request, response) => {
    await release.promise;
    response.end("here");
  });
  server.keepAliveTimeout = 0; // by itself it would end after some s
  await using here = await listening(server);
  const open = promisify(server.getConnections.bind(server));

  const accepted = once(server, "connection");
  const half = await raw(here.port, "GET / HT");
  half.on("error", () => {}); // it is reset
  const [end] = await accepted;
  while (end.bytesRead === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const asked = once(server, "request");
  const asking = await raw(here.port, request("/"));
  await asked;
  const closed = once(server.close(), "close");
  release.resolve();
  const [answer] = await once(asking, "data");
  assert.match(`${answer}`, /^HTTP\/1.1 200 OK\r\n/);
  assert.equal(await open(), 2);
  // The server has closed, and yet this connection brings one more.
  asking.write(request("/"));
  const [more] = await once(asking, "data");
  assert.match(`${more}`, /^HTTP\/1.1 200 OK\r\n/);

  server.closeIdleConnections();
  await once(asking, "close");
  assert.equal(await open(), 1);
  server.closeAllConnections();
  await closed;
});

test("a signal that nobody listens for ends it at once", async (t) => {
  if (process.platform === "win32") return; // it cannot be sent there
  const api = await mockApi(t);
  await api.hold("/users/1");
  const env = { API_URL: api.url };
  const server = await serving("javascript", DEAF, env);
  const ended = once(server.process, "exit");
  const asking = await raw(server.port, request("/users/1"));
  asking.on("error", () => {}); // it may be reset
  await api.saw("GET /users/1");
  server.process.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  await api.ended("GET /users/1");
  assert.deepEqual(await api.endings(), {
    "/users/1": "client hung up",
  });
  asking.destroy();
});

// JavaScript only: uvicorn does so at a second Ctrl+C.
test("the same signal once more ends it at once", async (t) => {
  if (process.platform === "win32") return; // it cannot be sent there
  const api = await mockApi(t);
  await api.hold("/users/1");
  const env = { API_URL: api.url };
  const server = await serving("javascript", IN_NODE, env);
  const ended = once(server.process, "exit");
  const asking = await raw(server.port, request("/users/1"));
  asking.on("error", () => {}); // it may be reset
  await api.saw("GET /users/1");
  server.process.kill("SIGTERM");
  await refused(server.port);
  server.process.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  asking.destroy();
});

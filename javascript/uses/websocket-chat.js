// A chat over WebSocket: what one says, all the others hear.

import { once } from "node:events";
import { WebSocketServer } from "ws";

const HOST = "127.0.0.1";
const MAX_MESSAGE = 1024; // bytes
const MAX_UNREAD = 65_536; // bytes that wait for one who does not read

export async function serve(patience = 20_000) {
  const options = { host: HOST, port: 0, maxPayload: MAX_MESSAGE };
  const server = new WebSocketServer(options);
  server.on("connection", (client) => chat(client, server, patience));
  await once(server, "listening");
  return server;
}

function chat(client, server, patience) {
  client.on("message", (message) => {
    tell(server.clients.difference(new Set([client])), `${message}`);
  });
  client.on("error", () => {}); // or it would end the server
  // Is it still there? Nobody but us asks.
  const pings = setInterval(() => client.ping(), patience);
  const end = setTimeout(() => client.terminate(), 2 * patience);
  client.on("pong", () => end.refresh());
  client.on("close", () => clearInterval(pings));
  client.on("close", () => clearTimeout(end));
}

function tell(hearers, message) {
  for (const hearer of hearers) {
    hearer.send(message);
    if (hearer.bufferedAmount > MAX_UNREAD) hearer.terminate();
  }
}

export async function say(client, message, to) {
  const heard = once(to, "message");
  client.send(message);
  return (await heard)[0].data;
}

export async function main() {
  const server = await serve();
  const { port } = /** @type {any} */ (server.address());
  const grace = new WebSocket(`ws://${HOST}:${port}`);
  const ada = new WebSocket(`ws://${HOST}:${port}`);
  await Promise.all([once(grace, "open"), once(ada, "open")]);
  console.log("Grace hears:", await say(ada, "Hello, Grace", grace));
  console.log("Ada hears:", await say(grace, "Hello, Ada", ada));
  ada.send("x".repeat(2000));
  const [{ code }] = await once(ada, "close");
  console.log("Ada is closed with code", code);
  grace.close();
  server.close();
}

if (import.meta.main) await main();

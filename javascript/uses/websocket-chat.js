// Pass on each message that one client sends to all the others.
// Explained in docs/uses/websocket-chat.md
// With PORT=9000 in the environment it is a server, until Ctrl-C.

import { once } from "node:events";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const { PORT } = process.env;
// What is no WebSocket gets 426, "Upgrade Required".
const http = createServer((_, reply) => reply.writeHead(426).end());
export const server = new WebSocketServer({
  server: http,
  // 1024 bytes for a message: they wait in memory until its end.
  maxPayload: 1024,
  // The page of another site may not connect in its visitor's name.
  // A program that is no browser sends no origin.
  verifyClient: ({ origin }) => !origin || origin === "https://my.test",
});
server.on("connection", chat);

function chat(client) {
  // An error that nobody listens to would end the whole server.
  client.on("error", () => {});
  client.on("message", (message, binary) => {
    for (const hearer of server.clients) {
      if (hearer !== client) hearer.send(message, { binary });
      // To wait for a slow client would hold up all the others.
      if (hearer.bufferedAmount > 65_536) hearer.terminate();
    }
  });
  // A client may vanish without a goodbye: ws does not ask by itself.
  const pings = setInterval(() => client.ping(), 20_000);
  const end = setTimeout(() => client.terminate(), 40_000).unref();
  client.on("pong", () => end.refresh());
  client.on("close", () => clearInterval(pings));
}

export async function main() {
  try {
    http.listen(Number(PORT ?? 0), "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    console.error(`Port ${PORT} is no free port: ${error.message}`);
    process.exit(2);
  }
  /** @type {any} the address of a TCP server: it has a port */
  const { port } = http.address();
  const url = `ws://127.0.0.1:${port}`;
  // The open server keeps the process alive.
  if (PORT) return console.log("The chat listens on", url);
  const [ada, grace] = [new WebSocket(url), new WebSocket(url)];
  await Promise.all([once(ada, "open"), once(grace, "open")]);
  grace.send("Hello, Ada");
  console.log("Ada hears:", (await once(ada, "message"))[0].data);
  for (const client of server.clients) client.close(1001);
  http.close();
}

if (import.meta.main) await main();

// A chat over TCP: what one says, all the others hear.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const MAX_LINE = 1024; // bytes
const MAX_UNREAD = 65_536; // bytes that wait for one who does not read
export const clients = new Set();

export async function serve() {
  const server = createServer({ highWaterMark: MAX_UNREAD }, chat);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

function chat(socket) {
  let rest = "";
  clients.add(socket);
  socket.setEncoding("latin1"); // one character for each byte
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    if (lines.some((line) => line.length > MAX_LINE)) {
      socket.end(`Error: more than ${MAX_LINE} bytes in a line\n`);
      return socket.pause().destroySoon();
    }
    rest = lines.pop() ?? "";
    for (const line of lines) tell(socket, `${line}\n`);
  });
  socket.on("error", () => {}); // or it would end the server
  socket.on("close", () => clients.delete(socket));
}

function tell(speaker, line) {
  for (const hearer of clients.difference(new Set([speaker]))) {
    if (!hearer.write(line, "latin1")) hearer.destroy(); // too slow
  }
}

export async function say(socket, line, to) {
  const heard = once(to, "line");
  if (!socket.write(`${line}\n`)) await once(socket, "drain");
  return (await heard)[0];
}

export async function main() {
  await using server = await serve();
  const { port } = /** @type {any} */ (server.address());
  const grace = connect(port, "127.0.0.1");
  await once(grace, "connect");
  const ada = connect(port, "127.0.0.1");
  const atGrace = createInterface({ input: grace });
  const atAda = createInterface({ input: ada });
  console.log("Grace hears:", await say(ada, "Hello, Grace", atGrace));
  console.log("Ada hears:", await say(grace, "Hello, Ada", atAda));
  console.log("Ada hears:", await say(ada, "x".repeat(2000), atAda));
  grace.end();
}

if (import.meta.main) await main();

// Pass on each line that one client sends to all the others, over TCP.
// Explained in docs/uses/tcp-chat.md
// With PORT=9000 in the environment it is a server, until Ctrl-C.

import { once } from "node:events";
import { connect, createServer } from "node:net";

const HOST = "127.0.0.1";
const { PORT } = process.env;
export const server = createServer(chat);
export const clients = new Set();

function chat(socket) {
  let rest = "";
  clients.add(socket);
  socket.on("close", () => clients.delete(socket));
  // An error that nobody listens to would end the whole server.
  socket.on("error", () => {});
  socket.setEncoding("utf8").on("data", (chunk) => {
    // Behind the last line end, the next line may have begun.
    for (const line of (rest + chunk).split(/(?<=\n)/)) {
      // 1024 bytes for a line: one without end fills the memory.
      if (Buffer.byteLength(line) > 1024) return socket.destroy();
      if (line.endsWith("\n")) tell(socket, line);
      rest = line.endsWith("\n") ? "" : line;
    }
  });
}

function tell(speaker, line) {
  for (const hearer of clients) {
    // False: more than its mark waits there. To wait for a slow one
    // would hold up all the others.
    if (hearer !== speaker && !hearer.write(line)) hearer.destroy();
  }
}

export async function main() {
  try {
    await once(server.listen(Number(PORT ?? 0), HOST), "listening");
  } catch (error) {
    console.error(`Port ${PORT} is no free port: ${error.message}`);
    process.exit(2);
  }
  await talk(server.address());
}

/** @param {any} address of a TCP server: it has a port */
async function talk({ port }) {
  // The open server keeps the process alive.
  if (PORT) return console.log("The chat listens on port", port);
  const [ada, grace] = [connect(port, HOST), connect(port, HOST)];
  grace.write("Hello, Ada\n");
  console.log("Ada hears:", String(await once(ada, "data")).trim());
  for (const client of [ada, grace]) client.end();
  server.close();
}

if (import.meta.main) await main();

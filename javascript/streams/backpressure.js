// Send faster than the other side reads, with and without waiting.
// Explained in docs/streams/backpressure.md

import { once } from "node:events";
import { connect, createServer } from "node:net";

const HOST = "127.0.0.1";
// More than the buffers of the system hold.
const PIECES = 500;
const PIECE = Buffer.alloc(65_536);

function readAll(socket) {
  // It gets its turn only when the sender waits.
  socket.resume();
}

export async function send(port, wait) {
  const socket = connect(port, HOST);
  await once(socket, "connect");
  let most = 0;
  for (let n = 0; n < PIECES; n += 1) {
    // This returns at once, however much waits already.
    const goOn = socket.write(PIECE);
    most = Math.max(most, socket.writableLength);
    // This returns once all has left the memory.
    if (wait && !goOn) await once(socket, "drain");
  }
  socket.end();
  // It hangs up when it has read all.
  await once(socket, "close");
  return most;
}

function inPieces(size) {
  if (size <= 2 * PIECE.length) return "at most 2 pieces";
  return size > 100 * PIECE.length ? "over 100 pieces" : "some";
}

export async function main() {
  await using server = createServer(readAll);
  await once(server.listen(0, HOST), "listening");
  const { port } = Object(server.address());
  const filled = inPieces(await send(port, false));
  console.log("Memory, if you only write:", filled);
  const waited = inPieces(await send(port, true));
  console.log("Memory, if you wait, too:", waited);
}

if (import.meta.main) await main();

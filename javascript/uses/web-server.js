// One thread keeps a thousand clients waiting, then answers all.

import { once } from "node:events";
import { createServer } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { threadId } from "node:worker_threads";

const CLIENTS = 1000;

export async function serve(answer) {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

async function ask(port) {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  await response.text();
  return response.status;
}

export async function main() {
  const threads = new Set();
  /** @type {PromiseWithResolvers<void>} */
  const allAreHere = Promise.withResolvers();
  /** @type {PromiseWithResolvers<void>} */
  const allMayGo = Promise.withResolvers();
  let here = 0;

  const server = await serve(async (_request, response) => {
    threads.add(threadId);
    here += 1;
    if (here === CLIENTS) allAreHere.resolve();
    await allMayGo.promise;
    response.end();
  });
  const { port } = /** @type {any} */ (server.address());
  const asking = [];
  for (let n = 0; n < CLIENTS; n += 1) {
    asking.push(ask(port));
    await turn(); // for the server, to accept it
  }
  await allAreHere.promise;
  console.log(CLIENTS, "clients wait, threads:", threads.size);

  const stopped = once(server.close(), "close");
  allMayGo.resolve();
  const statuses = await Promise.all(asking);
  const served = statuses.filter((status) => status === 200);
  console.log("Served after it was told to stop:", served.length);
  // Else those that have just been served stay open for seconds.
  server.closeIdleConnections();
  await stopped;
}

if (import.meta.main) await main();

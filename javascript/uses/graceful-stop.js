// Stop a server while it still answers two requests.
// Explained in docs/uses/graceful-stop.md
// Needs the mock API: nox -s api

import { once } from "node:events";
import { createServer } from "node:http";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export function makeServer(apiUrl) {
  const server = createServer(async ({ url }, response) => {
    // Else the handler would work on, and keep the process alive.
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    try {
      const answer = await fetch(apiUrl + url, { signal: gone.signal });
      // Else this connection could bring one more request.
      if (!server.listening) response.setHeader("Connection", "close");
      response.writeHead(answer.status).end(await answer.text());
    } catch {
      response.destroy();
    }
  });
  process.once("SIGTERM", () => stop(server));
  process.once("SIGINT", () => stop(server));
  return server;
}

// JavaScript only: uvicorn has this built in.
export async function stop(server) {
  // Without a limit (in milliseconds) one slow request could keep the
  // server from its end. Nobody waits for the timer if all ends before.
  setTimeout(() => server.closeAllConnections(), 1000).unref();
  await once(server.close(), "close");
}

async function ask(url) {
  const answer = fetch(url).then((response) => response.text());
  return await answer.catch(() => "no answer");
}

export async function main(apiUrl = API_URL) {
  /** @type {any} */
  const server = makeServer(apiUrl).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const quick = ask(`${url}/users/1?delay=0.5`);
  await once(server, "request");
  const slow = ask(`${url}/users/2?delay=30`);
  await once(server, "request");
  // SIGTERM and Ctrl+C do this, too.
  const stopped = stop(server);
  console.log("Under way:", await quick);
  console.log("New:", await ask(`${url}/users/3`));
  console.log("Too slow:", await slow);
  await stopped;
}

if (import.meta.main) await main();

// Serve a small JSON API, and send it four comments at once.
// Explained in docs/uses/web-server.md
// Needs the mock API: nox -s api

import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const BODIES = [
  '{"post": 1, "text": "hello"}',
  '{"post": 999, "text": "hello"}',
  '{"post": 2, "text": ""}',
  '{"post": 3, "text": ',
];

// node:http leaves the route, the limit and the checks to you.
// JavaScript only: in Python it stands inside make_server.
async function add(apiUrl, request) {
  const route = `${request.method} ${request.url}`;
  if (route !== "POST /comments") return [404];
  if (!(request.headers["content-length"] <= 10_000)) return [413];
  const body = text(request).then(JSON.parse);
  const sent = await body.catch(() => null);
  if (!Number.isInteger(sent?.post)) return [422];
  if (typeof sent.text !== "string") return [422];
  // While this handler waits, the same thread serves the others.
  const options = { method: "HEAD", signal: AbortSignal.timeout(3000) };
  const post = await fetch(`${apiUrl}/posts/${sent.post}`, options);
  if (!post.ok) return [post.status];
  // A bug: an empty text has no first letter.
  return [201, sent.text[0].toUpperCase() + sent.text.slice(1)];
}

export function makeServer(apiUrl) {
  return createServer(async (request, response) => {
    // An error that leaves this handler ends the process. In a server
    // of your own, log it here: this bug is on purpose.
    const [code, data] = await add(apiUrl, request).catch(() => [500]);
    response.writeHead(code, { "Content-Type": "application/json" });
    response.end(JSON.stringify(data ?? null));
  });
}

async function ask(server, body) {
  const url = `http://127.0.0.1:${server.address().port}/comments`;
  const answer = await fetch(url, { method: "POST", body });
  await answer.text();
  return `${answer.status} ${body}`;
}

export async function main(apiUrl = API_URL) {
  // Port 0 lets the system choose a port that is free.
  await using server = makeServer(apiUrl).listen(0, "127.0.0.1");
  await once(server, "listening");
  const asking = BODIES.map((body) => ask(server, body));
  console.log((await Promise.all(asking)).join("\n"));
}

if (import.meta.main) await main();

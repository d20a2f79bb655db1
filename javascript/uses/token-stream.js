// Print an answer token by token; stop the next in the middle.
// Explained in docs/uses/token-stream.md
// Needs the mock API: nox -s api

import { EventSourceParserStream } from "eventsource-parser/stream";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function* tokens(apiUrl, prompt, signal) {
  const { ok, status, body } = await fetch(`${apiUrl}/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ prompt }),
    signal,
  });
  if (!ok || !body) throw new Error(`HTTP ${status}`);
  const events = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    if (data === "[DONE]") return;
    const { token, error } = JSON.parse(data);
    // The status was sent long ago, so an error comes as data.
    if (error) throw new Error(error);
    yield token;
  }
  // Without [DONE] you cannot know if this is the whole answer.
  throw new Error("the answer was cut off");
}

export async function main(apiUrl = API_URL) {
  // An answer may take a pause, but nobody waits for ever.
  // This limit holds for all that the program asks.
  const limit = AbortSignal.timeout(60_000);
  const answer = tokens(apiUrl, "What does await do?", limit);
  for await (const token of answer) process.stdout.write(token);
  console.log();

  // A break closes the generator, and that closes the connection.
  for await (const token of tokens(apiUrl, "In short?", limit)) {
    process.stdout.write(token);
    if (token === ".") break;
  }
  console.log(" Enough.");
}

if (import.meta.main) await main();

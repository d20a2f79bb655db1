// Print an answer token by token; stop the next in the middle.

import { EventSourceParserStream } from "eventsource-parser/stream";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function* tokens(apiUrl, prompt) {
  const { ok, status, body } = await fetch(`${apiUrl}/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ prompt }),
  });
  if (!ok || !body) throw new Error(`HTTP ${status}`);
  const events = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const event of events) {
    if (event.data !== "[DONE]") yield JSON.parse(event.data).token;
  }
}

export async function main(apiUrl = API_URL) {
  for await (const token of tokens(apiUrl, "What does await do?")) {
    process.stdout.write(token);
  }
  console.log();

  // A break closes the generator, and that cancels the stream.
  for await (const token of tokens(apiUrl, "In short?")) {
    process.stdout.write(token);
    if (token === ".") break;
  }
  console.log(" Enough.");
}

if (import.meta.main) await main();

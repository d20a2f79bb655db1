// Ask twelve sources, at most four at a time, for one table.

import { setTimeout as sleep } from "node:timers/promises";

import pLimit from "p-limit";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const SOURCES = `
temperature humidity traffic pressure wind rainfall
sunshine snow visibility pollen ozone noise
`;
const AT_ONCE = 4;
const ATTEMPTS = 3;

export function pause(retryAfter, attempt) {
  // What the server asks for, or else twice as long each time.
  return 1000 * Number(retryAfter ?? 0.01 * 2 ** attempt);
}

function line(name, value, unit, tries) {
  const columns = [name.padEnd(11), String(value).padStart(5)];
  columns.push(unit.padEnd(9), String(tries).padStart(5));
  return columns.join("  ");
}

export async function ask(apiUrl, slots, name, attempt = 1) {
  let answer, body;
  try {
    await slots(async () => {
      answer = await fetch(`${apiUrl}/sources/${name}`);
      body = await answer.json();
    });
  } catch {
    return line(name, "-", "no answer", attempt);
  }
  if (answer.status === 503 && attempt < ATTEMPTS) {
    // During the pause the slot is free for another source.
    const retryAfter = answer.headers.get("Retry-After");
    await sleep(pause(retryAfter, attempt));
    return ask(apiUrl, slots, name, attempt + 1);
  }
  if (!answer.ok) {
    return line(name, "-", `HTTP ${answer.status}`, attempt);
  }
  return line(name, body.value, body.unit, attempt);
}

export async function main(apiUrl = API_URL) {
  const slots = pLimit(AT_ONCE);
  const names = SOURCES.trim().split(/\s+/);
  const rows = names.map((name) => ask(apiUrl, slots, name));
  const header = line("source", "value", "unit", "tries");
  console.log([header, ...(await Promise.all(rows))].join("\n"));
}

if (import.meta.main) await main();

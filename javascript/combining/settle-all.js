// Ask three sources, and show how each request has ended.
// Explained in docs/combining/settle-all.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// One of them is broken.
const SOURCES = ["humidity", "snow", "temperature"];

// What we expect to go wrong. Anything else is a bug.
export class RequestError extends Error {}

export async function getValue(apiUrl, name) {
  // One that never answers would hold up the whole list.
  const signal = AbortSignal.timeout(2000);
  // Outside of the try: a broken address is a bug.
  const url = new URL(`${apiUrl}/sources/${name}`);
  let response, text;
  try {
    response = await fetch(url, { signal });
    text = await response.text();
  } catch (cause) {
    throw new RequestError("no answer", { cause });
  }
  if (!response.ok) throw new RequestError(`HTTP ${response.status}`);
  const { value, unit } = JSON.parse(text);
  return `${value} ${unit}`;
}

export async function settleAll(apiUrl, names) {
  const values = names.map((name) => getValue(apiUrl, name));
  // With Promise.all the first failure is all that you hear of.
  return await Promise.allSettled(values);
}

export function describe(outcome) {
  if (outcome.status === "fulfilled") return outcome.value;
  // The list holds bugs as well, and nobody else reports them.
  if (!(outcome.reason instanceof RequestError)) throw outcome.reason;
  return outcome.reason.message;
}

export async function main(apiUrl = API_URL) {
  const outcomes = await settleAll(apiUrl, SOURCES);
  // In the order of the sources, not of the answers.
  for (const [i, outcome] of outcomes.entries()) {
    console.log(`${SOURCES[i]}: ${describe(outcome)}`);
  }
  const good = outcomes.filter((o) => o.status === "fulfilled");
  console.log(`${good.length} of ${SOURCES.length} have a value`);
}

if (import.meta.main) await main();

// Check links: several fail at once, and not all in the same way.
// Explained in docs/failures/many-errors.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// No such user, a busy server, and a connection that breaks off.
const LINKS = ["/data", "/users/9", "/status/503", "/feeds/sport"];

// There is no such page.
export class GoneError extends Error {}
export class RequestError extends Error {}

export async function check(apiUrl, path) {
  // Among many, an error does not say whose it is.
  const text = `asked for ${path}`;
  // Outside of the try: a broken address is a bug, and no bad link.
  const url = new URL(apiUrl + path);
  let response;
  try {
    response = await fetch(url);
    await response.text();
  } catch (cause) {
    throw new RequestError(text, { cause });
  }
  const cause = `HTTP ${response.status}`;
  if (response.status === 404) throw new GoneError(text, { cause });
  if (!response.ok) throw new RequestError(text, { cause });
}

export async function checkAll(apiUrl, ...paths) {
  const checks = paths.map((path) => check(apiUrl, path));
  const outcomes = await Promise.allSettled(checks);
  const failed = outcomes.filter((o) => o.status === "rejected");
  const errors = failed.map((outcome) => outcome.reason);
  // A group without errors would be a failure, too.
  if (errors.length > 0) throw new AggregateError(errors, "bad links");
}

// JavaScript only: Python has except*
export function handling(kind, handle) {
  return (error) => {
    if (!(error instanceof AggregateError)) throw error;
    const rest = error.errors.filter((one) => !(one instanceof kind));
    error.errors.filter((one) => one instanceof kind).forEach(handle);
    // What is of another kind goes on.
    if (rest.length > 0) throw new AggregateError(rest, error.message);
  };
}

export async function main(apiUrl = API_URL) {
  const show = (kind) => (error) => console.log(kind, error.message);
  await checkAll(apiUrl, ...LINKS)
    .catch(handling(GoneError, show("Gone:")))
    .catch(handling(RequestError, show("Failed:")));
}

if (import.meta.main) await main();

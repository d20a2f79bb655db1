// Ask several mirrors, and take the first answer that is a success.
// Explained in docs/combining/first-success.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// There is no mirror in Bonn, and none in Nice or Rome.
const NO_MIRRORS = ["bonn?delay=0.1", "nice?delay=0.2"];
const MIRRORS = ["rome?delay=0.1", "lima", "oslo"];

async function ask(apiUrl, mirror, signal) {
  const url = `${apiUrl}/mirrors/${mirror}`;
  const response = await fetch(url, { signal });
  // Without this line, the first 404 would be a success.
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).city;
}

export async function firstSuccess(apiUrl, mirrors) {
  const losers = new AbortController();
  const cities = mirrors.map((m) => ask(apiUrl, m, losers.signal));
  try {
    // Promise.race would reject with the first failure.
    return await Promise.any(cities);
  } finally {
    // any() stops nothing: without this, the losers work on.
    losers.abort();
    // abort() only asks. Wait until each promise has settled.
    await Promise.allSettled(cities);
  }
}

export async function main(apiUrl = API_URL) {
  try {
    await firstSuccess(apiUrl, NO_MIRRORS);
  } catch (error) {
    // Anything else is a bug of ours.
    if (!(error instanceof AggregateError)) throw error;
    console.log("No success:", error.errors.length, "failures");
  }
  console.log("First success:", await firstSuccess(apiUrl, MIRRORS));
}

if (import.meta.main) await main();

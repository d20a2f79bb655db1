// One request of two fails: what becomes of the other?

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// The second fails before the first has an answer.
const PATHS = ["/users/5", "/status/503"];

async function getJson(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

export async function waitForAll(apiUrl) {
  try {
    await Promise.all(PATHS.map((path) => getJson(apiUrl + path)));
  } catch (error) {
    return error.message;
  }
  return "all came";
}

export async function waitForEach(apiUrl) {
  const results = await Promise.allSettled(
    PATHS.map((path) => getJson(apiUrl + path)),
  );
  const failed = results.filter((r) => r.status === "rejected");
  return `${failed.length} of ${results.length} failed`;
}

export async function stopTheRest(apiUrl) {
  const controller = new AbortController();
  const all = PATHS.map((path) =>
    getJson(apiUrl + path, controller.signal),
  );
  try {
    await Promise.all(all);
  } catch {
    controller.abort();
    // Go on only when all of them have ended.
    await Promise.allSettled(all);
    return "one failed, the rest is stopped";
  }
  return "all came";
}

export async function main(apiUrl = API_URL) {
  console.log("Wait for all:", await waitForAll(apiUrl));
  console.log("Wait for each:", await waitForEach(apiUrl));
  console.log("Stop the rest:", await stopTheRest(apiUrl));
}

if (import.meta.main) await main();

// Stop the loading of a profile that nobody wants any more.
// Explained in docs/failures/cancellation.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

async function get(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return await response.json();
}

async function loadPosts(apiUrl, signal) {
  try {
    return (await get(`${apiUrl}/posts`, signal)).length;
  } catch {
    // An abort is an error like others: this catch has it, too.
    signal.throwIfAborted();
    // A profile is worth showing without its posts.
    return 0;
  }
}

export async function loadProfile(apiUrl, signal) {
  const user = await get(`${apiUrl}/users/1`, signal);
  const friend = await get(`${apiUrl}/users/2`, signal);
  const posts = await loadPosts(apiUrl, signal);
  return `${user.name}, friend of ${friend.name}: ${posts} posts`;
}

export async function main(apiUrl = API_URL) {
  const leaving = new AbortController();
  const loading = loadProfile(apiUrl, leaving.signal);
  // It may fail while nobody awaits it, so it gets a handler at once.
  loading.catch(() => {});
  try {
    console.log("Loading a profile");
    const other = await get(`${apiUrl}/users/5`);
    console.log("The user goes on to", other.name);
  } finally {
    // Without this, a failure here would leave the loading behind.
    leaving.abort();
    // abort() only asks. Wait until the loading has ended.
    await Promise.allSettled([loading]);
  }
  try {
    console.log(await loading);
  } catch (error) {
    if (error !== leaving.signal.reason) throw error;
    console.log("The loading was stopped");
  }
}

if (import.meta.main) await main();

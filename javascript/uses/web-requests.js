// Get JSON, send JSON, and meet a 404, a redirect and two dead ends.
// Explained in docs/uses/web-requests.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

function send(url, options) {
  // fetch has no option for a limit. This one holds for the whole
  // answer, reading the body included.
  return fetch(url, { signal: AbortSignal.timeout(1000), ...options });
}

async function read(response) {
  if (response.ok) return response.json();
  // A status of 400 or above is no exception until you throw one.
  // A long body that nobody reads keeps its connection busy.
  await response.body?.cancel();
  throw new Error(`HTTP ${response.status}`);
}

export async function createPost(apiUrl, title) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ title, body: "Hi.", author_id: 1 });
  const request = { method: "POST", headers, body };
  const response = await send(`${apiUrl}/posts`, request);
  return (await read(response)).id;
}

export async function titleOf(apiUrl, postId) {
  const response = await send(`${apiUrl}/posts/${postId}`);
  // This 404 answers the question, so it is not an error here.
  if (response.status !== 404) return (await read(response)).title;
  await response.body?.cancel();
  return "no such post";
}

export async function reach(url) {
  try {
    const response = await send(url);
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    return error.name;
  }
}

export async function main(apiUrl = API_URL) {
  console.log("Created: post", await createPost(apiUrl, "Hello"));
  console.log("Post 1:", await titleOf(apiUrl, 1));
  console.log("Post 999:", await titleOf(apiUrl, 999));
  console.log("Redirect:", await reach(`${apiUrl}/status/302`));
  console.log("Slow:", await reach(`${apiUrl}/users/1?delay=9`));
  // No server listens on this port.
  console.log("Dead server:", await reach("http://127.0.0.1:2"));
}

if (import.meta.main) await main();

// Get JSON, send JSON, and meet a 404, a redirect and a dead server.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const NOBODY = "http://127.0.0.1:2"; // no server listens on this port

export async function newestTitle(apiUrl) {
  const response = await fetch(`${apiUrl}/posts?limit=1`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json())[0].title;
}

export async function createPost(apiUrl, title) {
  const response = await fetch(`${apiUrl}/posts`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title, body: "It works.", author_id: 1 }),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).id;
}

export async function titleOf(apiUrl, postId) {
  const response = await fetch(`${apiUrl}/posts/${postId}`);
  // A 404 is an answer like any other: nothing is thrown by itself.
  if (response.status === 404) return "no such post";
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).title;
}

export async function follow(apiUrl, path) {
  const response = await fetch(apiUrl + path);
  return response.url.split("/").at(-1);
}

export async function knock(url) {
  try {
    await fetch(url);
  } catch (error) {
    return `nobody answers (${error.name})`;
  }
  return "somebody answers";
}

export async function main(apiUrl = API_URL) {
  console.log("Newest:", await newestTitle(apiUrl));
  console.log("Created: post", await createPost(apiUrl, "Hello"));
  console.log("Post 999:", await titleOf(apiUrl, 999));
  console.log("Redirect: led to", await follow(apiUrl, "/status/302"));
  console.log("Dead server:", await knock(NOBODY));
}

if (import.meta.main) await main();

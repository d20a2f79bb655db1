// Load the feed the slow way: each request after the one before.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

// What the last visit left in the cache.
const AUTHORS = { 1: "Ada", 2: "Grace", 3: "Alan" };
const CACHED = ["Ada: The slowest of three", "Alan: Line up, please"];

async function getJson(url) {
  // fetch returns at once, with a promise: there is no other way.
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

async function getPicture(apiUrl, authorId) {
  const name = AUTHORS[authorId];
  try {
    const response = await fetch(`${apiUrl}/users/${authorId}/picture`);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    await response.text();
  } catch {
    // One picture less must not cost the reader the whole feed.
    return `[no picture] ${name}`;
  }
  return `[picture] ${name}`;
}

export async function main(apiUrl = API_URL) {
  console.log("Loading…");
  for (const post of CACHED) console.log("(cached)", post);

  const posts = await getJson(`${apiUrl}/posts?limit=3`);
  const news = await getJson(`${apiUrl}/notifications`);
  for (const authorId of Object.keys(AUTHORS)) {
    console.log(await getPicture(apiUrl, authorId));
  }

  for (const post of posts) {
    console.log(`${post.author.name}: ${post.title}`);
  }
  console.log(news.length, "notifications");
}

if (import.meta.main) await main();

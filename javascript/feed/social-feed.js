// Show the cached feed at once, then what is new as it arrives.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

// What the last visit left in the cache.
const AUTHORS = { 1: "Ada", 2: "Grace", 3: "Alan" };
const CACHED = ["Ada: The slowest of three", "Alan: Line up, please"];

async function getJson(url) {
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

  const posts = getJson(`${apiUrl}/posts?limit=3`);
  const news = getJson(`${apiUrl}/notifications`);
  const pictures = Object.keys(AUTHORS).map(async (authorId) => {
    console.log(await getPicture(apiUrl, authorId));
  });
  await Promise.all([posts, news, ...pictures]);

  for (const post of await posts) {
    console.log(`${post.author.name}: ${post.title}`);
  }
  console.log((await news).length, "notifications");
}

if (import.meta.main) await main();

// Show the feed of the last visit, then each new part as it arrives.
// Explained in docs/feed/social-feed.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const AUTHORS = { 1: "Ada", 2: "Grace", 3: "Alan" };
const CACHED = ["(cached) Nothing blocks", "(cached) First post"];

async function get(url) {
  // Without a limit, a silent API would leave "Loading…" there.
  const signal = AbortSignal.timeout(3000);
  // Only the request stands in the try. So a bug elsewhere in the
  // program does not look like a request that failed.
  try {
    const response = await fetch(url, { signal });
    const text = await response.text();
    return response.ok ? text : null;
  } catch {
    return null;
  }
}

async function getPosts(apiUrl) {
  const text = await get(`${apiUrl}/posts?limit=3`);
  // The cached posts are still there. Old posts are better than none.
  if (text === null) {
    return "[no new posts] These are the posts of your last visit.";
  }
  const posts = JSON.parse(text);
  return posts.map((post) => post.title).join("\n");
}

async function getNews(apiUrl) {
  const text = await get(`${apiUrl}/notifications`);
  if (text === null) return "[no news]";
  return `[news] ${JSON.parse(text).length}`;
}

async function getPicture(apiUrl, user) {
  const image = await get(`${apiUrl}/users/${user}/picture`);
  return `[${image ? "picture" : "no picture"}] ${AUTHORS[user]}`;
}

export async function main(apiUrl = API_URL) {
  const show = async (part) => console.log(await part);
  console.log([...CACHED, "Loading…"].join("\n"));
  const parts = [getPosts(apiUrl), getNews(apiUrl)];
  for (const user in AUTHORS) parts.push(getPicture(apiUrl, user));
  // This waits until every part has been shown.
  await Promise.all(parts.map(show));
  console.log("Loading has ended.");
}

if (import.meta.main) await main();

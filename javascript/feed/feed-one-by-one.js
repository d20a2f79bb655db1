// Load the social feed the slow way: one request after the other.
// Explained in docs/feed/feed-one-by-one.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const AUTHORS = { 1: "Ada", 2: "Grace", 3: "Alan" };
const CACHED = ["(cached) Nothing blocks", "(cached) First post"];

async function get(url) {
  // Without a limit, a silent API would leave "Loading…" there.
  const signal = AbortSignal.timeout(3000);
  // Only the request stands in the try. Then a bug in what reads the
  // answer cannot pass for a request that failed.
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
  console.log([...CACHED, "Loading…"].join("\n"));
  // The next request is sent when this answer has come.
  console.log(await getPosts(apiUrl));
  console.log(await getNews(apiUrl));
  for (const user in AUTHORS) {
    console.log(await getPicture(apiUrl, user));
  }
  console.log("Loading has ended.");
}

if (import.meta.main) await main();

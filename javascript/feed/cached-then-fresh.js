// Show what is cached, refresh it, and drop an answer that is late.
// Explained in docs/feed/cached-then-fresh.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export class Feed {
  // What the last visit left.
  title = "The slowest of three";
  // How many refreshes have begun, and which one of them is shown.
  asked = 0;
  shown = 0;
}

export async function getTitle(url) {
  // Only the request stands in the try. So a bug elsewhere in the
  // program does not look like a request that failed.
  let text;
  try {
    const response = await fetch(url);
    text = await response.text();
    if (!response.ok) return null;
  } catch {
    return null;
  }
  return JSON.parse(text).title;
}

export async function refresh(feed, url) {
  feed.asked += 1;
  const number = feed.asked;
  const title = await getTitle(url);
  // What is shown is better than nothing.
  if (title === null) return;
  // A newer answer may have come while this one was on its way.
  if (number < feed.shown) {
    console.log("(too late)", title);
    return;
  }
  feed.shown = number;
  feed.title = title;
  console.log("(fresh)", title);
}

export async function main(apiUrl = API_URL) {
  const feed = new Feed();
  console.log("(cached)", feed.title);
  // The reader asks twice. The first answer takes longer, and by the
  // second time there is a newer post.
  const paths = ["/posts/9?delay=0.4", "/posts/10?delay=0.1"];
  await Promise.all(paths.map((path) => refresh(feed, apiUrl + path)));
  console.log("The feed shows:", feed.title);
}

if (import.meta.main) await main();

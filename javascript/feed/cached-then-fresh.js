// Show what is cached, refresh it, and drop an answer that is late.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export class Feed {
  title = "The slowest of three"; // left by the last visit
  asked = 0; // how many refreshes have begun
  shown = 0; // the number of the one that is shown
}

export async function getTitle(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).title;
}

export async function refresh(feed, url) {
  feed.asked += 1;
  const number = feed.asked;
  let title;
  try {
    title = await getTitle(url);
  } catch {
    return; // what is shown is better than nothing
  }
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
  // The reader asks twice, and the first answer takes longer. By the
  // second time there is a newer post.
  await Promise.all([
    refresh(feed, `${apiUrl}/posts/9?delay=0.4`),
    refresh(feed, `${apiUrl}/posts/10?delay=0.1`),
  ]);
  console.log("The feed shows:", feed.title);
}

if (import.meta.main) await main();

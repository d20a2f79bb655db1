// End main while another request is still in flight.
// Explained in docs/basics/running-a-program.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

async function getJson(apiUrl, path) {
  const response = await fetch(`${apiUrl}${path}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return await response.json();
}

async function showPosts(apiUrl) {
  console.log("Posts: asking");
  try {
    const posts = await getJson(apiUrl, "/posts");
    console.log("Posts:", posts.length);
  } catch (error) {
    // Nobody awaits this promise, so nobody else handles its errors.
    console.log("Posts: failed:", error.message);
  } finally {
    // This runs after a success and after a failure.
    console.log("Posts: cleaned up");
  }
}

export async function main(apiUrl = API_URL) {
  // Started, and not awaited.
  void showPosts(apiUrl);

  const user = await getJson(apiUrl, "/users/2");
  console.log("Hello,", user.name);
  console.log("main ends");
}

if (import.meta.main) await main();

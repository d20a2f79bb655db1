// End main while another request is still in flight.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

async function showPosts(apiUrl) {
  console.log("Posts: asking");
  try {
    const response = await fetch(`${apiUrl}/posts`);
    console.log("Posts:", (await response.json()).length);
  } finally {
    console.log("Posts: cleaned up");
  }
}

export async function main(apiUrl = API_URL) {
  // Started, and never awaited.
  void showPosts(apiUrl);

  const response = await fetch(`${apiUrl}/users/2`);
  console.log("Hello,", (await response.json()).name);
  console.log("main has ended");
}

if (import.meta.main) await main();

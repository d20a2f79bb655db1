// What a call starts: save a post, then forget to await the saving.

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

export async function save(apiUrl, title) {
  console.log(`  save begins: "${title}"`);
  const response = await fetch(`${apiUrl}/posts`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title, body: "Short.", author_id: 1 }),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).id;
}

export async function newest(apiUrl) {
  const response = await fetch(`${apiUrl}/posts?limit=1`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json())[0].title;
}

export async function main(apiUrl = API_URL) {
  console.log("Calling save");
  const saving = save(apiUrl, "First");
  console.log("The call has returned");
  console.log("Saved as post", await saving);

  console.log("Calling save without await");
  // No warning comes, but the post does.
  // biome-ignore lint/nursery/noFloatingPromises: shown here
  save(apiUrl, "Second");
  console.log("Newest post:", await newest(apiUrl));
}

if (import.meta.main) await main();

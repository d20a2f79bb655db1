// Call an async function with await, then without it.
// Explained in docs/basics/lazy-or-eager.md
// Needs the mock API: nox -s api

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

export async function main(apiUrl = API_URL) {
  console.log("Calling save");
  // The call runs save up to its first await, and makes a promise.
  const saving = save(apiUrl, "First");
  console.log("The call has returned");
  console.log("Saved as post", await saving);

  console.log("Calling save without await");
  // Node does not warn. A linter would; the next line tells it why.
  // biome-ignore lint/nursery/noFloatingPromises: this is the point
  save(apiUrl, "Second");
  console.log("main ends");
}

if (import.meta.main) await main();

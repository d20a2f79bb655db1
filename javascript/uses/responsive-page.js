// Show a feed in a web page that answers at all times.

const QUERY = new URLSearchParams(location.search);
const API_URL = QUERY.get("api") ?? "http://127.0.0.1:8000";

/** @type {(name: string) => any} */
// JavaScript only: getElementById must be called on the document.
const find = (name) => document.getElementById(name);

async function showText(apiUrl, name, toText) {
  const place = find(name);
  // What the last visit saw is there at once.
  place.textContent = localStorage.getItem(name);
  const response = await fetch(`${apiUrl}/${name}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  place.textContent = toText(await response.json());
  localStorage.setItem(name, place.textContent);
}

function titles(answer) {
  return answer.map((post) => post.title).join("\n");
}

async function showPicture(apiUrl, user) {
  const [picture, retry] = find(`user-${user}`).children;
  retry.onclick = () => showPicture(apiUrl, user);
  retry.hidden = true;
  picture.src = `${apiUrl}/users/${user}/picture`;
  try {
    await picture.decode();
  } catch {
    retry.hidden = false;
  }
}

// Runs in the worker, where it blocks nobody.
function computePi(event) {
  postMessage("Computing π…\n");
  let total = 0;
  for (let n = 1; n < event.data; n += 1) total += 1 / n ** 2;
  postMessage(`π is about ${Math.sqrt(6 * total).toFixed(4)}\n`);
}

export async function main(apiUrl = API_URL) {
  find("like").onclick = () => find("likes").stepUp();
  const worker = new Worker(import.meta.url, { type: "module" });
  worker.onmessage = (event) => find("pi").append(event.data);
  worker.postMessage(Number(QUERY.get("terms") ?? 100_000));
  await Promise.all([
    showText(apiUrl, "notifications", (items) => items.length),
    showText(apiUrl, "posts", titles),
    ...[1, 2, 3].map((user) => showPicture(apiUrl, user)),
  ]);
}

if (globalThis.document) await main();
else self.onmessage = computePi;

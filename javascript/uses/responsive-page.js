// Show a feed in a web page that answers at all times.
// Explained in docs/uses/responsive-page.md
// Runs in responsive-page.html: nox -s browser -- --serve

const QUERY = new URLSearchParams(location.search);
const API = QUERY.get("api") ?? "http://127.0.0.1:8000";

/** @type {(name: string) => any} */
const find = (name) => document.getElementById(name);

// A part waits, fails and is tried again without the other parts.
async function fill(part, load, show) {
  part.onretry = () => fill(part, load, show);
  // The page draws a spinner for it, and sets aria-busy.
  part.state = "busy";
  // Without a limit, a silent API would leave the spinner there.
  const loading = load(part, AbortSignal.timeout(10_000));
  part.state = await loading.then(() => "there").catch(() => "failed");
  if (part.state === "there") await show?.();
}

async function getPosts(_posts, signal) {
  const response = await fetch(`${API}/posts?limit=3`, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  localStorage.setItem("posts", await response.text());
}

async function showPosts() {
  // Cards that are there stay, so only new ones ask for a picture.
  const frames = find("posts").draw(localStorage.getItem("posts"));
  await Promise.all(frames.map((frame) => fill(frame, getPicture)));
}

async function getPicture({ author, picture }, signal) {
  // A picture takes no signal. Another address gives up this one.
  signal.onabort = () => picture.setAttribute("src", "data:,");
  picture.src = `${API}/users/${author}/picture`;
  await picture.decode();
  signal.onabort = null;
}

// Runs in the worker, so the page is free while this computes.
function computePi(event) {
  postMessage("Computing π…\n");
  let total = 0;
  for (let n = 1; n < event.data; n += 1) total += 1 / n ** 2;
  postMessage(`π is about ${Math.sqrt(6 * total).toFixed(2)}\n`);
}

export async function main() {
  const worker = new Worker(import.meta.url, { type: "module" });
  worker.onmessage = (event) => find("pi").append(event.data);
  worker.postMessage(Number(QUERY.get("terms") ?? 100_000));
  // What the last visit saw is there before any answer.
  const both = [showPosts(), fill(find("posts"), getPosts, showPosts)];
  await Promise.all(both);
}

if (globalThis.document) await main();
else self.onmessage = computePi;

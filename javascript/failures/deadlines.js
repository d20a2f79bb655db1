// Load two pages in three steps each, within one deadline for each.
// Explained in docs/failures/deadlines.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
// Milliseconds. A page is worth showing without its picture.
const PICTURE_LIMIT = 300;

async function get(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response;
}

export async function getPicture(apiUrl, friend, deadline) {
  const limit = AbortSignal.timeout(PICTURE_LIMIT);
  // This signal knows both limits. The first one to strike aborts it.
  const signal = AbortSignal.any([deadline, limit]);
  try {
    const url = `${apiUrl}/users/${friend}/picture`;
    const picture = await (await get(url, signal)).arrayBuffer();
    return `a picture of ${picture.byteLength} bytes`;
  } catch (error) {
    // The deadline's error has the same name, and is another object.
    if (error !== limit.reason) throw error;
    return "no picture in time";
  }
}

export async function loadPage(apiUrl, user, friend, milliseconds) {
  // Each step gets it, for it stops only those who listen to it.
  const deadline = AbortSignal.timeout(milliseconds);
  try {
    const response = await get(`${apiUrl}/users/${user}`, deadline);
    const { name } = await response.json();
    const answer = await get(`${apiUrl}/notifications`, deadline);
    const news = await answer.json();
    const picture = await getPicture(apiUrl, friend, deadline);
    return `${name}, news: ${news.length}, ${picture}`;
  } catch (error) {
    if (error !== deadline.reason) throw error;
    return `no page in ${milliseconds / 1000} s`;
  }
}

export async function main(apiUrl = API_URL) {
  const patient = loadPage(apiUrl, 1, 5, 2000);
  const hasty = loadPage(apiUrl, 2, 4, 700);
  console.log((await Promise.all([patient, hasty])).join("\n"));
}

if (import.meta.main) await main();

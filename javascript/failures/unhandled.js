// Three requests fail early: forgotten, awaited late, looked after.
// Explained in docs/failures/unhandled.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

class HttpError extends Error {}

async function ask(url) {
  const response = await fetch(url);
  if (!response.ok) throw new HttpError(`HTTP ${response.status}`);
  return (await response.json()).name;
}

function report(error) {
  // Whoever started the call may handle its failure later, or not.
  console.log("Nobody handled:", error.message);
}

export async function forgotten(apiUrl) {
  const news = ask(`${apiUrl}/status/500`);
  const name = await ask(`${apiUrl}/users/3`);
  // Only Ada gets the news. For Alan nobody awaits them.
  return name === "Ada" ? `${name}, ${await news}` : name;
}

async function greet(apiUrl, user, news) {
  try {
    const name = await ask(`${apiUrl}/users/${user}`);
    return `${name}, ${await news}`;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return `caught ${error.message}`;
  }
}

export async function late(apiUrl) {
  // It fails before greet awaits it. For Node that is unhandled, and
  // the try in there is no help.
  return await greet(apiUrl, 4, ask(`${apiUrl}/status/502`));
}

export async function lookedAfter(apiUrl) {
  const news = ask(`${apiUrl}/status/503`);
  // From here on its failure is handled, and await still throws it.
  news.catch(() => {});
  return await greet(apiUrl, 5, news);
}

export async function main(apiUrl = API_URL) {
  // One handler for the whole process. By default it would end.
  process.on("unhandledRejection", report);
  process.on("rejectionHandled", () => console.log("Handled later"));
  console.log("Forgotten:", await forgotten(apiUrl));
  console.log("Late:", await late(apiUrl));
  console.log("Looked after:", await lookedAfter(apiUrl));
}

if (import.meta.main) await main();

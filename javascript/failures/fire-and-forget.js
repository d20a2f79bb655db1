// Answer first, and load pictures in the background: kept, watched.
// Explained in docs/failures/fire-and-forget.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

class HttpError extends Error {
  name = "HttpError";
}

/** Jobs that go on after the answer. */
export class Background {
  jobs = new Set();

  start(work) {
    const job = work
      // Nobody awaits the job, so nobody else sees its failure.
      .catch((error) => console.log(`Background: ${error}`))
      .finally(() => this.jobs.delete(job));
    // The work goes on without this set. It is for those who wait.
    this.jobs.add(job);
  }

  async finish() {
    // A job may have started another one, so look again.
    while (this.jobs.size > 0) await Promise.all(this.jobs);
  }
}

async function get(url) {
  // If a job hangs, nobody is there who would notice.
  const signal = AbortSignal.timeout(3000);
  const response = await fetch(url, { signal });
  const body = await response.text();
  if (!response.ok) throw new HttpError(`HTTP ${response.status}`);
  return body;
}

export async function main(apiUrl = API_URL) {
  const background = new Background();
  const pictures = new Map();

  async function loadPicture(user) {
    pictures.set(user, await get(`${apiUrl}/users/${user}/picture`));
  }

  try {
    const user = JSON.parse(await get(`${apiUrl}/users/1`));
    // The answer waits for no picture. There is no user 99.
    background.start(loadPicture(2));
    background.start(loadPicture(99));
    console.log("Hello,", user.name);
  } finally {
    // An error or process.exit after main would end what is left.
    await background.finish();
  }
  console.log("Pictures:", pictures.size);
}

if (import.meta.main) await main();

// Stop a worker by a signal, in the middle of three jobs.
// Explained in docs/failures/graceful-shutdown.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const JOBS = ["/users/4", "/users/5", "/users/3?delay=30", "/users/1"];
// Milliseconds that the jobs under way still have after the signal.
const LIMIT = 1000;

async function work(apiUrl, todo, left, signal) {
  while (todo.length > 0) {
    const job = todo.shift();
    const response = await fetch(apiUrl + job, { signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    console.log("Done:", (await response.json()).name);
    left.delete(job);
  }
}

export async function run(apiUrl, left) {
  const limit = new AbortController();
  const todo = [...left];

  function stop(name) {
    console.log(`${name}: no new jobs`);
    // The workers share this list: each ends after its job.
    todo.length = 0;
    // Nobody waits for this timer if all jobs end before.
    setTimeout(() => limit.abort(), LIMIT).unref();
  }

  // Once: the same signal once more ends the process at once.
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const worker = () =>
    work(apiUrl, todo, left, limit.signal).catch((error) => {
      // A worker that the limit has stopped is no failure.
      if (error !== limit.signal.reason) throw error;
    });
  const workers = [worker(), worker(), worker()];
  try {
    await Promise.all(workers);
  } finally {
    // After a failure the others end, too.
    limit.abort();
    await Promise.allSettled(workers);
    // Else nothing could stop what the caller does next.
    process.off("SIGINT", stop).off("SIGTERM", stop);
    // For whoever does them later, also after a failure.
    console.log("Not done:", ...left);
  }
}

export async function main(apiUrl = API_URL) {
  // In its place, Ctrl+C or another process would send a signal.
  // On Windows process.kill would end us, so we only pretend.
  setTimeout(() => process.emit("SIGTERM", "SIGTERM"), 100);
  await run(apiUrl, new Set(JOBS));
}

if (import.meta.main) await main();

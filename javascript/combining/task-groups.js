// Load names in a group: all of them, or none and nobody is left.
// Explained in docs/combining/task-groups.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";
const GOOD = ["/users/2", "/users/4"];
// The second fails while the first is under way.
const BAD = ["/users/3", "/status/503"];

// What we expect to go wrong. Anything else is a bug.
export class RequestError extends Error {}

async function getName(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new RequestError(`HTTP ${response.status}`);
  return (await response.json()).name;
}

// JavaScript only: Python has TaskGroup. This one is to copy: each of
// `works` is a function that gets a signal, and must listen to it.
export async function taskGroup(works, ...outer) {
  const stop = new AbortController();
  // A group in a group gets the signal of the outer one.
  const signal = AbortSignal.any([stop.signal, ...outer]);
  const errors = [];
  const fail = (e) => {
    // A second call changes nothing, and signal.reason stays.
    stop.abort();
    // What was only stopped has not failed.
    if (![e, e?.cause].includes(signal.reason)) errors.push(e);
  };
  const tasks = works.map(async (work) => work(signal));
  for (const task of tasks) task.catch(fail);
  // No task outlives the group: wait for those that were stopped, too.
  await Promise.allSettled(tasks);
  if (errors.length > 0) throw new AggregateError(errors, "group");
  // Stopped from outside, the group has no results.
  signal.throwIfAborted();
  return await Promise.all(tasks);
}

export async function loadNames(apiUrl, paths, ...outer) {
  const work = (path) => (signal) => getName(apiUrl + path, signal);
  return await taskGroup(paths.map(work), ...outer);
}

export async function main(apiUrl = API_URL) {
  const show = (paths) => async (signal) => {
    try {
      console.log("All:", ...(await loadNames(apiUrl, paths, signal)));
    } catch (e) {
      if (!e.errors?.every((x) => x instanceof RequestError)) throw e;
      console.log("None:", ...e.errors.map((x) => x.message));
    }
  };
  // Both at once: a failure in one leaves the other alone.
  await taskGroup([GOOD, BAD].map(show));
}

if (import.meta.main) await main();

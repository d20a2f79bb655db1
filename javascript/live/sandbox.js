// Edited code came with a link, perhaps: what outlives a run, or starts
// another worker, is not for it.

const TAKEN = ["indexedDB", "caches", "Worker", "SharedWorker"];

/** Take away what a program must not have. */
export function confine() {
  let owner = globalThis;
  while (owner) {
    for (const name of TAKEN) delete owner[name];
    owner = Object.getPrototypeOf(owner);
  }
}

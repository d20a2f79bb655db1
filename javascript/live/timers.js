// Node's timers over those of the worker: they are objects, and the
// program goes on while one of them is waiting.

const { setTimeout, clearTimeout, setInterval, clearInterval } =
  globalThis;

/** @type {Map<number, Timer>} */
const waiting = new Map();
let settled = () => {};

/** How many of them keep the program alive. */
export function pending() {
  let count = 0;
  for (const timer of waiting.values()) if (timer.hasRef()) count += 1;
  return count;
}

class Timer {
  #ref = true;
  #id = 0;
  #begin;

  /** @param {(timer: Timer) => number} begin */
  constructor(begin) {
    this.#begin = begin;
    this.refresh();
  }

  refresh() {
    this.close();
    this.#id = this.#begin(this);
    waiting.set(this.#id, this);
    return this;
  }

  close() {
    waiting.delete(this.#id);
    clearTimeout(this.#id);
    clearInterval(this.#id);
    return this;
  }

  ended() {
    waiting.delete(this.#id);
  }

  ref() {
    this.#ref = true;
    return this;
  }

  unref() {
    this.#ref = false;
    settled();
    return this;
  }

  hasRef() {
    return this.#ref;
  }

  [Symbol.toPrimitive]() {
    return this.#id;
  }

  [Symbol.dispose]() {
    this.close();
    settled();
  }
}

/** @param {any} timer */
function clear(timer) {
  const found =
    timer instanceof Timer ? timer : waiting.get(Number(timer));
  found?.close();
  settled();
}

/**
 * @param {(...values: any[]) => void} callback
 * @param {number} [ms]
 * @param {any[]} values
 */
function once(callback, ms, ...values) {
  return new Timer((timer) => {
    const act = () => {
      timer.ended();
      try {
        callback(...values);
      } finally {
        settled();
      }
    };
    return Number(setTimeout(act, ms));
  });
}

/**
 * Put them in the place of the worker's.
 *
 * @param {() => void} onSettled called when one fewer is waiting
 */
export function install(onSettled) {
  settled = onSettled;
  Object.assign(globalThis, {
    setTimeout: once,
    setInterval: (callback, ms, ...values) =>
      new Timer(() => Number(setInterval(callback, ms, ...values))),
    setImmediate: (callback, ...values) => once(callback, 0, ...values),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
}

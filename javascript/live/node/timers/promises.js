/**
 * @typedef {{ signal?: AbortSignal, ref?: boolean }} Options
 */

/** @param {AbortSignal} signal */
function abortError(signal) {
  const cause = signal.reason;
  const error = new Error("The operation was aborted", { cause });
  return Object.assign(error, {
    name: "AbortError",
    code: "ABORT_ERR",
  });
}

/**
 * @param {number} [ms]
 * @param {any} [value]
 * @param {Options} [options]
 */
export function setTimeout(ms, value, { signal, ref = true } = {}) {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(abortError(/** @type {AbortSignal} */ (signal)));
    };
    const timer = globalThis.setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve(value);
    }, ms);
    if (!ref) timer.unref();
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/**
 * @param {any} [value]
 * @param {Options} [options]
 */
export const setImmediate = (value, options) =>
  setTimeout(0, value, options);

/**
 * @param {number} [ms]
 * @param {any} [value]
 * @param {Options} [options]
 */
export async function* setInterval(ms, value, options) {
  while (true) yield setTimeout(ms, value, options);
}

export const scheduler = {
  /**
   * @param {number} ms
   * @param {Options} [options]
   */
  wait: (ms, options) => setTimeout(ms, undefined, options),
  yield: () => setImmediate(),
};

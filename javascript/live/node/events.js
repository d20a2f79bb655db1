import { EventEmitter, once } from "events";

/**
 * @param {AbortSignal} signal
 * @param {(event: Event) => void} listener
 */
export function addAbortListener(signal, listener) {
  if (signal.aborted)
    queueMicrotask(() => listener(new Event("abort")));
  else signal.addEventListener("abort", listener, { once: true });
  return {
    [Symbol.dispose]: () =>
      signal.removeEventListener("abort", listener),
  };
}

/** Nothing here warns of many listeners. */
export function setMaxListeners() {}

export { EventEmitter, once };
export default EventEmitter;

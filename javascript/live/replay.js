/** A recorded run, told as it happened. */

/** @import { End, Language, Listener, LogEntry } from "./lab.js" */

/**
 * @typedef {{ ms: number } & ({ line: string, stream: "out" | "err" } |
 *   { request: LogEntry } | { exit: number | null })} Event
 * @typedef {Partial<Record<Language, Event[]>>} Recorded in order of time
 */

/**
 * Tell `listener` what happened, each event at its time.
 *
 * @param {Recorded} recorded
 * @param {Listener} listener
 * @returns {{ done: Promise<Partial<Record<Language, End>>>, stop: () => void }}
 */
export function replay(recorded, listener) {
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  const timers = new Set();
  /** @type {Partial<Record<Language, End>>} */
  const ends = {};
  const languages = /** @type {Language[]} */ (Object.keys(recorded));
  const { promise, resolve } = Promise.withResolvers();

  /** @param {Language} language @param {End} end */
  function ended(language, end) {
    ends[language] = end;
    listener.end?.(language, end);
    if (Object.keys(ends).length === languages.length) resolve(ends);
  }

  /** @param {Language} language @param {Event} event */
  function tell(language, event) {
    const { ms } = event;
    if ("line" in event) {
      listener.line?.(language, event.line, event.stream, ms);
    } else if ("request" in event) {
      listener.request?.(language, event.request, ms);
    } else {
      ended(language, { exit: event.exit, why: "ended" });
    }
  }

  for (const language of languages) {
    for (const event of recorded[language] ?? []) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        tell(language, event);
      }, event.ms);
      timers.add(timer);
    }
  }

  return {
    done: promise,
    stop() {
      for (const timer of timers) clearTimeout(timer);
      for (const language of languages) {
        if (language in ends) continue;
        ended(language, { exit: null, why: "stopped" });
      }
    },
  };
}

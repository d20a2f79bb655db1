// Run the programs of a pair in this page: each in a worker of its own,
// against the mock API in a third.

/**
 * @typedef {"python" | "javascript"} Language
 * @typedef {{ name: string, source: string }} Program
 * @typedef {object} End
 * @property {number | null} exit the exit code; null: it was ended
 * @property {"ended" | "stopped" | "limit"} why
 *
 * @typedef {object} LogEntry a request, as the API's log has it; times
 *   in seconds since the scenario began
 * @property {number} request
 * @property {string} method
 * @property {string} path
 * @property {string} query
 * @property {number} in_flight
 * @property {number | null} status
 * @property {string | null} ending null: it is in flight
 * @property {number} started
 * @property {number | null} ended
 * @property {number} started_event
 * @property {number | null} ended_event
 *
 * @typedef {object} Listener every time is in milliseconds since the
 *   start of the run
 * @property {(language: Language, text: string, stream: "out" | "err",
 *   ms: number) => void} [line]
 * @property {(language: Language, entry: LogEntry, ms: number) => void
 *   } [request] called at its start and again at its end
 * @property {(language: Language, ms: number) => void} [beat] about
 *   every 50 ms, while the program's event loop gets its turns
 * @property {(language: Language, end: End) => void} [end]
 *
 * @typedef {{ message: string }} Refusal why a program cannot run here
 */

const LIMIT = 30_000; // milliseconds

/** Workers that have started and are free. @type {Map<string, any>} */
const spare = new Map();

const now = () => performance.timeOrigin + performance.now();

/**
 * Load ahead; resolves when a run can start at once.
 *
 * @returns {Promise<void>}
 */
export async function prepare() {
  const kinds = ["api", "python", "javascript"];
  await Promise.all(kinds.map(ready));
}

/**
 * Start the programs together, each in a fresh worker, each against a
 * scenario of its own.
 *
 * @param {Partial<Record<Language, Program>>} programs
 * @param {Listener} listener
 * @param {{ limit?: number }} options limit: milliseconds for each
 * @returns {{ done: Promise<Partial<Record<Language, End>>>,
 *   stop(): void }}
 */
export function run(programs, listener = {}, { limit = LIMIT } = {}) {
  const stopped = Promise.withResolvers();
  /** @param {Language[]} languages */
  const all = async (languages) => {
    const loaded = Promise.all([
      ready("api"),
      ...languages.map(ready),
    ]).then(([api, ...workers]) => ({ api, workers }));
    const start = await Promise.race([loaded, stopped.promise]);
    /** @type {Partial<Record<Language, End>>} */
    const ends = {};
    if (!start) {
      for (const language of languages) {
        ends[language] = { exit: null, why: "stopped" };
        listener.end?.(language, ends[language]);
      }
      return ends;
    }
    const { api, workers } = start;
    for (const language of languages) spare.delete(language);
    const began = now();
    await Promise.all(
      languages.map(async (language, at) => {
        ends[language] = await runOne(language, workers[at], api);
      }),
    );
    return ends;

    /**
     * @param {Language} language
     * @param {Worker | Refusal} worker
     * @param {Worker} api
     */
    async function runOne(language, worker, api) {
      const program = programs[language];
      if (!program || !(worker instanceof Worker)) {
        /** @type {End} */
        const end = { exit: null, why: "ended" };
        const why = "message" in worker ? worker.message : "";
        listener.line?.(language, why, "err", 0);
        listener.end?.(language, end);
        return end;
      }
      const http = new MessageChannel();
      const { url, closed, close } = await open(api, http.port1, {
        entry: (entry, at) =>
          listener.request?.(language, entry, at - began),
      });
      const { promise, resolve } = Promise.withResolvers();
      const over = setTimeout(resolve, limit, {
        exit: null,
        why: "limit",
      });
      stopped.promise.then(() =>
        resolve({ exit: null, why: "stopped" }),
      );
      worker.onmessage = ({ data }) => {
        for (const [text, stream, at] of data.lines ?? [])
          listener.line?.(language, text, stream, at - began);
        if (data.beat) listener.beat?.(language, data.beat - began);
        if ("exit" in data) resolve({ exit: data.exit, why: "ended" });
      };
      worker.onerror = ({ message }) => {
        listener.line?.(language, message, "err", now() - began);
        resolve({ exit: 1, why: "ended" });
      };
      const port = http.port2;
      worker.postMessage({ port, url, ...program }, [port]);
      const end = /** @type {End} */ (await promise);
      clearTimeout(over);
      worker.terminate();
      worker.onmessage = worker.onerror = null;
      listener.end?.(language, end);
      close();
      // The next run is not to wait.
      void ready(language);
      await closed;
      return end;
    }
  };
  const languages = /** @type {Language[]} */ (Object.keys(programs));
  return { done: all(languages), stop: () => stopped.resolve(null) };
}

/**
 * A worker that has started, or why it cannot.
 *
 * @param {string} kind
 * @returns {Promise<Worker>}
 */
function ready(kind) {
  let worker = spare.get(kind);
  if (!worker) {
    worker = boot(kind);
    spare.set(kind, worker);
    // The next try may find the network again.
    worker.catch(() => spare.delete(kind));
  }
  return worker;
}

/**
 * @param {string} kind
 * @returns {Promise<Worker | Refusal>}
 */
function boot(kind) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const file = new URL(`./${kind}-worker.js`, import.meta.url);
  // A worker from a blob obeys the page's content security policy; one
  // from a file would not.
  const source = new Blob([`import ${JSON.stringify(file)};`], {
    type: "text/javascript",
  });
  const url = URL.createObjectURL(source);
  const worker = new Worker(url, { type: "module" });
  worker.onerror = ({ message }) =>
    reject(
      new Error(`The page cannot load ${file}: ${message ?? "?"}`),
    );
  worker.onmessage = ({ data }) => {
    if (data.failed) {
      worker.terminate();
      reject(new Error(data.failed));
    } else resolve(data.refused ? { message: data.refused } : worker);
  };
  promise.finally(() => URL.revokeObjectURL(url)).catch(() => {});
  return promise;
}

/**
 * Make a scenario for one program.
 *
 * @param {Worker} api
 * @param {MessagePort} http the API's end
 * @param {{ entry(entry: LogEntry, at: number): void }} watcher
 */
async function open(api, http, watcher) {
  const { port1, port2 } = new MessageChannel();
  const opened = Promise.withResolvers();
  const closed = Promise.withResolvers();
  port1.onmessage = ({ data }) => {
    if (data.url) opened.resolve(data.url);
    if (data.entry) watcher.entry(data.entry, data.at);
    if (data.closed) {
      port1.close();
      closed.resolve(null);
    }
  };
  api.postMessage({ http, watch: port2 }, [http, port2]);
  return {
    /** @type {string} */
    url: await opened.promise,
    closed: closed.promise,
    close: () => port1.postMessage("close"),
  };
}

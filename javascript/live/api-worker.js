// The mock API, unchanged, in a Python of its own. For each program it
// makes a scenario, and tells who watches of every request.
import { now } from "./output.js";
import { start } from "./pyodide.js";

/** @type {any} */
let api;

/**
 * @param {MessagePort} http from the program
 * @param {MessagePort} watch from the page
 */
function open(http, watch) {
  const began = { at: 0 };
  const scenario = api.Scenario((/** @type {string} */ json) => {
    const entry = JSON.parse(json);
    const seconds = entry.ended ?? entry.started;
    watch.postMessage({ entry, at: began.at + seconds * 1000 });
  });
  began.at = now() - scenario.now() * 1000;
  /** @type {Map<number, any>} */
  const calls = new Map();
  http.onmessage = ({ data: [id, what, request] }) => {
    if (what === "abort") return calls.get(id)?.hang_up();
    const { method, url, headers, body } = request;
    const reply = (
      /** @type {string} */ what,
      /** @type {any} */ value,
    ) => {
      http.postMessage([id, what, value]);
      if (what === "end" || what === "fail") calls.delete(id);
    };
    const call = scenario.call(method, url, headers, body, {
      start: (
        /** @type {number} */ status,
        /** @type {any} */ headers,
      ) => reply("start", { status, headers: headers.toJs() }),
      chunk: (/** @type {any} */ bytes) => reply("chunk", bytes.toJs()),
      end: () => reply("end", null),
      fail: () => reply("fail", null),
    });
    calls.set(id, call);
  };
  watch.onmessage = async () => {
    http.close();
    await scenario.close();
    watch.postMessage({ closed: true });
    watch.close();
    for (const call of calls.values()) call.destroy();
    scenario.destroy();
  };
  watch.postMessage({ url: scenario.url });
}

self.onmessage = ({ data }) => open(data.http, data.watch);

try {
  const python = await start();
  api = python.pyimport("live.api");
  postMessage({ ready: true });
} catch (error) {
  postMessage({ failed: `The mock API does not start: ${error}` });
}

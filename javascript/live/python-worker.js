// A Python program, unchanged, in a Python of its own.
import { Client } from "./bridge.js";
import { now, Output } from "./output.js";
import { start } from "./pyodide.js";
import { confine } from "./sandbox.js";

const NO_JSPI =
  "This browser cannot run Python here: it lacks JavaScript Promise" +
  " Integration, which Chrome and Edge 137, Firefox 153 and Safari 27" +
  " have.";
const BEAT = 50; // milliseconds

const output = new Output();

async function prepare() {
  const python = await start();
  for (const [stream, set] of /** @type {const} */ ([
    ["out", "setStdout"],
    ["err", "setStderr"],
  ])) {
    const decoder = new TextDecoder();
    python[set]({
      write: (bytes) => {
        output.write(stream, decoder.decode(bytes, { stream: true }));
        return bytes.length;
      },
    });
  }
  python.setStdin({ stdin: () => null });
  const live = python.pyimport("live.run");
  live.prepare();
  confine();
  return live;
}

/** @param {any} live */
function listen(live) {
  self.onmessage = async ({ data: { port, url, name, source } }) => {
    const client = new Client(port);
    let waits = false;
    const beat = () => waits && postMessage({ beat: now() });
    const beats = setInterval(beat, BEAT);
    /**
     * @param {import("./bridge.js").Outgoing} request
     * @param {any} put takes what comes; a function of Python's
     */
    const send = (request, put) => {
      let wanted = true;
      /** @param {string} what @param {unknown} [value] */
      const give = (what, value = null) => wanted && put(what, value);
      const free = () => {
        if (wanted) put.destroy();
        wanted = false;
      };
      const stop = client.send(request, {
        start: (head) => give("start", head),
        chunk: (bytes) => give("chunk", bytes),
        end: () => {
          give("end");
          free();
        },
        fail: () => {
          give("fail");
          free();
        },
      });
      return () => {
        free();
        stop();
      };
    };
    const waiting = (/** @type {boolean} */ yes) => {
      waits = yes;
    };
    const exit = await live.main.callPromising(
      name,
      source,
      url,
      send,
      waiting,
    );
    clearInterval(beats);
    output.end();
    postMessage({ exit });
  };
}

if ("Suspending" in WebAssembly) {
  try {
    listen(await prepare());
    postMessage({ ready: true });
  } catch (error) {
    postMessage({ failed: `Python does not start: ${error}` });
  }
} else {
  postMessage({ refused: NO_JSPI });
}

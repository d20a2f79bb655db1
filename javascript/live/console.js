// Node's console: it formats values in Node's way.
import { formatWithOptions, inspect } from "node-inspect-extracted";

const STREAMS = /** @type {const} */ ({
  log: "out",
  info: "out",
  debug: "out",
  error: "err",
  warn: "err",
  trace: "err",
});

/** @param {import("./output.js").Output} output */
export function installConsole(output) {
  let indent = "";
  /**
   * @param {import("./output.js").Stream} stream
   * @param {string} text
   */
  const say = (stream, text) =>
    output.write(stream, `${text.replace(/^/gm, indent)}\n`);
  for (const [name, stream] of Object.entries(STREAMS))
    console[name] = (/** @type {any[]} */ ...values) =>
      say(stream, formatWithOptions({}, ...values));
  console.dir = (value, options) => say("out", inspect(value, options));
  console.group = (...values) => {
    if (values.length) console.log(...values);
    indent += "  ";
  };
  console.groupEnd = () => {
    indent = indent.slice(2);
  };
  console.assert = (held, ...values) => {
    if (held) return;
    const text = formatWithOptions({}, ...values);
    say("err", `Assertion failed${text && ": "}${text}`);
  };
}

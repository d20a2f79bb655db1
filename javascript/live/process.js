// Node's `process`, as far as a program in a page can have one.
import { EventEmitter } from "./node/events.js";

/** Thrown to end a program in the middle; nobody is told of it. */
export class Exit extends Error {}

/**
 * @param {import("./output.js").Output} output
 * @param {(code: number) => void} finish
 */
export function makeProcess(output, finish) {
  /** @param {import("./output.js").Stream} stream */
  const stream = (stream) => ({
    isTTY: false,
    /** @param {string | Uint8Array} text */
    write(text) {
      const written =
        typeof text === "string"
          ? text
          : new TextDecoder().decode(text);
      output.write(stream, written);
      return true;
    },
  });
  const began = performance.now();
  const hrtime = () => {
    const ms = performance.now();
    return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
  };
  hrtime.bigint = () => BigInt(Math.round(performance.now() * 1e6));
  const parts = {
    /** @type {string[]} */
    argv: [],
    /** @type {Record<string, string>} */
    env: {},
    execArgv: [],
    /** @type {number | undefined} */
    exitCode: undefined,
    pid: 1,
    platform: "browser",
    version: "v24.0.0",
    versions: { node: "24.0.0" },
    stdout: stream("out"),
    stderr: stream("err"),
    hrtime,
    cwd: () => "/",
    uptime: () => (performance.now() - began) / 1000,
    /**
     * @param {(...values: any[]) => void} callback
     * @param {any[]} values
     */
    nextTick(callback, ...values) {
      queueMicrotask(() => callback(...values));
    },
    /** @param {number} [code] */
    exit(code) {
      finish(code ?? parts.exitCode ?? 0);
      throw new Exit();
    },
  };
  const process = new EventEmitter();
  return Object.defineProperties(
    /** @type {EventEmitter & typeof parts} */ (process),
    Object.getOwnPropertyDescriptors(parts),
  );
}

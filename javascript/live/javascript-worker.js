// A JavaScript program, unchanged, with the manners of Node.

import { installAborts } from "./aborts.js";
import { Client, fetchOver } from "./bridge.js";
import { installConsole } from "./console.js";
import { link } from "./link.js";
import { now, Output } from "./output.js";
import { Exit, makeProcess } from "./process.js";
import { confine } from "./sandbox.js";
import { installStreams } from "./streams.js";
import * as timers from "./timers.js";

const BEAT = 50; // milliseconds
// What a browser does by itself (a digest, a stream) is not counted: it
// has this time, in milliseconds, before the program counts as stuck.
const PATIENCE = 1_000;
const UNSETTLED = 13; // Node's code for an await that never ends

const output = new Output();
const later = setTimeout.bind(globalThis);
const process = makeProcess(output, finish);
/** @type {Client | undefined} */
let client;
let evaluating = true;
let over = false;
let looks = 0;

/** Node ends a program once there is nothing more to wait for. */
function settled() {
  const look = ++looks;
  later(
    () => {
      if (look !== looks || over) return;
      if (timers.pending() || client?.pending) return;
      if (evaluating) {
        output.line(
          "err",
          "Warning: Detected unsettled top-level await",
        );
        finish(UNSETTLED);
      } else {
        process.emit("beforeExit", process.exitCode ?? 0);
        if (look === looks) finish(process.exitCode ?? 0);
      }
    },
    evaluating ? PATIENCE : 5,
  );
}

/** @param {number} code */
function finish(code) {
  if (over) return;
  process.exitCode = code;
  process.emit("exit", code);
  over = true;
  output.end();
  postMessage({ exit: process.exitCode });
}

/** @param {any} error */
function crash(error) {
  if (error instanceof Exit || over) return;
  output.write("err", `${describe(error)}\n\nNode.js in this page\n`);
  finish(1);
}

/** @param {any} error */
function describe(error) {
  if (!(error instanceof Error)) return `Uncaught ${String(error)}`;
  const head = `${error.name}: ${error.message}`;
  const stack = String(error.stack ?? "");
  return `Uncaught ${stack.includes(head) ? stack : `${head}\n${stack}`}`;
}

// Firefox also tells of handled rejections that it has never reported.
const reported = new WeakSet();
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const { reason, promise } = event;
  reported.add(promise);
  if (process.listenerCount("unhandledRejection"))
    process.emit("unhandledRejection", reason, promise);
  else crash(reason);
});
addEventListener("rejectionhandled", ({ promise }) => {
  if (reported.has(promise)) process.emit("rejectionHandled", promise);
});
addEventListener("error", (event) => {
  event.preventDefault();
  const error = event.error ?? new Error(event.message);
  if (error instanceof Exit || over) return;
  if (process.listenerCount("uncaughtException"))
    process.emit("uncaughtException", error, "uncaughtException");
  else crash(error);
});

self.onmessage = async ({ data: { port, url, name, source } }) => {
  client = new Client(port, settled);
  globalThis.fetch = fetchOver(client, new URL(url).origin);
  process.argv = ["node", name];
  process.env.API_URL = url;
  setInterval(() => postMessage({ beat: now() }), BEAT);
  timers.install(settled);
  // A module gets no further import map in a worker: its imports are
  // addresses.
  const text = `${link(source)}\n//# sourceURL=${name}`;
  const type = "text/javascript";
  const module = URL.createObjectURL(new Blob([text], { type }));
  settled();
  try {
    await import(module);
    evaluating = false;
    settled();
  } catch (error) {
    crash(error);
  }
};

installAborts();
installStreams();
installConsole(output);
Object.assign(globalThis, { process, global: globalThis });
confine();
postMessage({ ready: true });

// Run a Python program in the browser: `pyodide.js?run=uses/program.py`.
// As a module of a page it runs the program; as a worker it calls the
// function that the worker is named after with each message.

import { loadPyodide } from "../../node_modules/pyodide/pyodide.mjs";

const url = new URL(import.meta.url);
const program = url.searchParams.get("run") ?? "";
const inWorker = !globalThis.document;

// What is sent to a worker while Python starts must not be lost.
const early = [];
if (inWorker) self.onmessage = (event) => early.push(event);

const [python, source] = await Promise.all([
  loadPyodide(),
  fetch(new URL(`../../python/${program}`, url)).then((r) => r.text()),
]);
// What starts a worker that runs this same program.
globalThis.PROGRAM = url.href;
// The browser tests look into it.
globalThis.pyodide = python;

const globals = python.toPy({
  __name__: inWorker ? program : "__main__",
});
await python.runPythonAsync(source, { globals, filename: program });
if (inWorker) {
  self.onmessage = globals.get(self.name);
  for (const event of early) self.onmessage?.(event);
}

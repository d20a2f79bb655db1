// Run a Python program in the browser: `pyodide.js?run=program.py`, as a
// module of a page or as a worker. Python itself comes from node_modules.

import { loadPyodide } from "../../node_modules/pyodide/pyodide.mjs";

const program = new URL(import.meta.url).searchParams.get("run") ?? "";

// What is sent to a worker while Python starts must not be lost.
const early = [];
if (!globalThis.document) self.onmessage = (event) => early.push(event);

const source = fetch(new URL(program, import.meta.url));
const python = await loadPyodide();
// The browser tests look into it.
globalThis.pyodide = python;
await python.runPythonAsync(await (await source).text(), {
  filename: program.split("/").at(-1),
});

for (const event of early) self.onmessage?.(event);

"""Make Python start quickly in the browser: compile its library beforehand.

From the npm package every page compiles some two hundred modules first, which
is two thirds of the time that Python takes to start.
"""

from __future__ import annotations

import subprocess

from tools.catalogue import ROOT
from tools.programs import node

LIBRARY = ROOT / ".nox" / "pyodide" / "python_stdlib.zip"
_PACKAGE = ROOT / "node_modules" / "pyodide"
_COMPILE = """
const { readFileSync, writeFileSync } = await import("node:fs");
const { pathToFileURL } = await import("node:url");
const [folder, target] = process.argv.slice(1);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide();
python.FS.writeFile("/old.zip", readFileSync(`${folder}/python_stdlib.zip`));
python.runPython(`
import pyodide.http, sys, zipfile
from importlib._bootstrap_external import _code_to_timestamp_pyc

used = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
library = next(path for path in sys.path if path.endswith(".zip"))
with (
    zipfile.ZipFile("/old.zip") as old,
    zipfile.ZipFile("/new.zip", "w", zipfile.ZIP_DEFLATED) as new,
):
    for name in old.namelist():
        path, text = f"{library}/{name}", old.read(name)
        if path in used and name.endswith(".py"):
            code = compile(text, path, "exec", dont_inherit=True)
            new.writestr(f"{name}c", _code_to_timestamp_pyc(code))
        else:
            new.writestr(name, text)
`);
writeFileSync(target, python.FS.readFile("/new.zip"));
"""


def prepare() -> None:
    """Compile the library, unless that was done for this version of Pyodide."""
    version = (_PACKAGE / "package.json").read_text("utf-8")
    stamp = LIBRARY.with_name("installed")
    if stamp.exists() and stamp.read_text("utf-8") == version:
        return
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    half = LIBRARY.with_suffix(".tmp")
    evaluate = [node(), "--input-type=module", "--eval", _COMPILE]
    subprocess.run([*evaluate, str(_PACKAGE), str(half)], check=True)
    half.replace(LIBRARY)
    stamp.write_text(version, "utf-8")

"""Make Python start quickly in the browser: compile its library beforehand.

From the npm package every page compiles some two hundred modules first, which
is two thirds of the time that Python takes to start.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.catalogue import ROOT
from tools.programs import node

LIBRARY = ROOT / ".nox" / "pyodide" / "python_stdlib.zip"
PACKAGE = ROOT / "node_modules" / "pyodide"
_COMPILE = """
const { readFileSync, writeFileSync } = await import("node:fs");
const { pathToFileURL } = await import("node:url");
const [folder, imports, ...files] = process.argv.slice(1);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const [library, packages] = files;
const python = await loadPyodide({
  env: packages ? { PYTHONPATH: "/lib/packages.zip" } : {},
  fsInit: async (FS) => {
    if (packages) FS.writeFile("/lib/packages.zip", readFileSync(packages));
  },
});
python.FS.writeFile("/old.zip", readFileSync(`${folder}/python_stdlib.zip`));
if (packages) python.FS.writeFile("/old-packages.zip", readFileSync(packages));
python.runPython(`
import sys, zipfile
from importlib import import_module
from importlib._bootstrap_external import _code_to_timestamp_pyc

for name in "${imports}".split():
    import_module(name)
used = {getattr(module, "__file__", None) for module in list(sys.modules.values())}

def compile_used(place, old_path, new_path):
    with (
        zipfile.ZipFile(old_path) as old,
        zipfile.ZipFile(new_path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            path, text = f"{place}/{name}", old.read(name)
            if path in used and name.endswith(".py"):
                code = compile(text, path, "exec", dont_inherit=True)
                new.writestr(f"{name}c", _code_to_timestamp_pyc(code))
            else:
                new.writestr(name, text)

library = next(path for path in sys.path if path.endswith("/python314.zip"))
compile_used(library, "/old.zip", "/new.zip")
if ${Boolean(packages) ? "True" : "False"}:
    compile_used("/lib/packages.zip", "/old-packages.zip", "/new-packages.zip")
`);
writeFileSync(library, python.FS.readFile("/new.zip"));
if (packages) writeFileSync(packages, python.FS.readFile("/new-packages.zip"));
"""


def prepare() -> None:
    """Compile the library, unless that was done for this version of Pyodide."""
    version = (PACKAGE / "package.json").read_text("utf-8")
    stamp = LIBRARY.with_name("installed")
    if stamp.exists() and stamp.read_text("utf-8") == version:
        return
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    half = LIBRARY.with_suffix(".tmp")
    precompile("pyodide.http", half)
    half.replace(LIBRARY)
    stamp.write_text(version, "utf-8")


def precompile(imports: str, library: Path, packages: Path | None = None) -> None:
    """Write the library with the modules compiled that these imports load.

    `packages`, a zip of Python packages, is replaced by one that is compiled so, too.
    """
    files = [str(library), *([str(packages)] if packages else [])]
    evaluate = [node(), "--input-type=module", "--eval", _COMPILE]
    subprocess.run([*evaluate, str(PACKAGE), imports, *files], check=True)

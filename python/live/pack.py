"""Make the folder `live/` of the site: all that runs in a page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from live.pairs import npm_packages, why_not
from tools.browser.pyodide import PACKAGE, precompile
from tools.catalogue import ROOT, find_pairs
from tools.programs import node

JAVASCRIPT = ROOT / "javascript" / "live"
# What programs import; httpx has its network from us, and needs no more of its own.
_DISTRIBUTIONS = ["httpx", "httpx-sse", "idna", "stamina", "tenacity"]
_OURS = [
    "live/__init__",
    "live/api",
    "live/loop",
    "live/run",
    "live/threads",
]
_OURS += ["live/transport"]
# Of the mock API, what serves and steers it elsewhere.
_ELSEWHERE = {
    "__main__",
    "client",
    "conftest",
    "lifeline",
    "ports",
    "process",
}
_ELSEWHERE |= {"server", "testing"}
# What a run loads, so that it is compiled beforehand.
_LOADED = "live.run live.api httpx httpx_sse stamina runpy traceback dataclasses "
_LOADED += "json contextlib collections concurrent.futures.thread random statistics"
_PYODIDE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"]


def pack(out: Path) -> None:
    """Write `live/` into the folder `out`."""
    live = out / "live"
    pyodide = live / "pyodide"
    pyodide.mkdir(parents=True)
    for name in _PYODIDE:
        shutil.copyfile(PACKAGE / name, pyodide / name)
    # Of the packages that Pyodide knows we use none.
    lock = json.loads((PACKAGE / "pyodide-lock.json").read_text("utf-8"))
    lock["packages"] = {}
    pyodide.joinpath("pyodide-lock.json").write_text(json.dumps(lock), "utf-8")
    packages = live / "packages.zip"
    with ZipFile(packages, "w", ZIP_DEFLATED) as archive:
        for name, path in _python():
            archive.write(path, name)
    precompile(_LOADED, pyodide / "python_stdlib.zip", packages)
    bundle(live)


def bundle(live: Path) -> None:
    """Put our JavaScript, with the npm packages that it needs, into `live/`."""
    names: set[str] = set()
    for pair in find_pairs():
        if why_not(pair) is None:
            names |= npm_packages(pair)
    ours = {
        path.relative_to(JAVASCRIPT).with_suffix("").as_posix(): path
        for path in JAVASCRIPT.rglob("*.js")
        if not path.name.endswith(".test.js")
    }
    entries = [f"{name}={path}" for name, path in sorted(ours.items())]
    entries += [f"npm/{name}={name}" for name in sorted(names)]
    options = [
        "--bundle",
        "--splitting",
        "--format=esm",
        "--platform=browser",
    ]
    options += [
        "--target=es2023",
        "--log-level=warning",
        "--legal-comments=none",
    ]
    esbuild = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    command = [
        node(),
        str(esbuild),
        *entries,
        *options,
        f"--outdir={live}",
    ]
    subprocess.run(command, cwd=ROOT, check=True)


def _python() -> Iterator[tuple[str, Path]]:
    """Each file of Python that programs and the API need, and its name in the zip."""
    for name in _OURS:
        yield f"{name}.py", ROOT / "python" / f"{name}.py"
    for path in sorted(ROOT.joinpath("python", "mock_api").glob("*.py")):
        if path.stem not in _ELSEWHERE and not path.name.startswith(("test_", "fuzz_")):
            yield f"mock_api/{path.name}", path
    for name in _DISTRIBUTIONS:
        for file in distribution(name).files or []:
            # Some ask for their own version.
            needed = file.suffix == ".py" or file.name == "METADATA"
            if needed and file.name != "_main.py":
                yield file.as_posix(), Path(str(file.locate()))


if __name__ == "__main__":
    pack(Path(sys.argv[1]))

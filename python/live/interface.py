"""What a reader sees and touches, beside the modules that `pack` makes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.catalogue import ROOT
from tools.programs import node

SOURCES = ROOT / "javascript" / "live"
_ESBUILD = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"


def pack(out: Path) -> None:
    """Write the page of shared programs and the editor to `live` of the site in `out`.

    RuntimeError: the editor cannot be made into one file.
    """
    folder = out / "live"
    shutil.copyfile(SOURCES / "play.html", folder / "play.html")
    # It is half a megabyte, and twice as much with its spaces and long names.
    bundle(SOURCES / "editor.js", folder / "editor.js")


def bundle(source: Path, target: Path) -> None:
    """Make one small file of a module and of the packages that it imports."""
    options = ["--bundle", "--minify", "--format=esm", "--log-level=error"]
    command = [node(), str(_ESBUILD), str(source), *options, f"--outfile={target}"]
    made = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if made.returncode:
        raise RuntimeError(f"esbuild cannot make {target.name}: {made.stderr.strip()}")

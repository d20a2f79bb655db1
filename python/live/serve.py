"""Serve the site, built anew at each change: `python -m live.serve [PORT]`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sphinx_autobuild.__main__ import main as autobuild

from live.build import pack
from tools.catalogue import ROOT

# What the pages are made of, beside docs/.
WATCHED = ["README.md", "CONTRIBUTING.md", "python", "javascript"]


def serve(port: int) -> None:
    """Serve until Ctrl-C, on this machine only; port 0 is a free one."""
    with TemporaryDirectory() as folder:
        out = Path(folder, "site")
        out.mkdir()
        pack(out)
        watched = [f"--watch={ROOT / name}" for name in WATCHED]
        ignored = [f"--re-ignore={pattern}" for pattern in (r"/__pycache__/", r"/\.")]
        places = [str(ROOT / "docs"), str(out), f"--doctree-dir={folder}/doctrees"]
        options = ["--quiet", "--nitpicky", f"--port={port}"]
        autobuild([*places, *options, *watched, *ignored])


if __name__ == "__main__":
    serve(int(sys.argv[1]) if sys.argv[1:] else 0)

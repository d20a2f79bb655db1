"""Build the site: `python -m live.build [FOLDER]`, without one into `_site/`."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from sphinx.cmd.build import build_main

import live.pack
from live import interface, recorded
from tools.catalogue import ROOT

SITE = ROOT / "_site"
# A link to nothing is an error, and all are named.
STRICT = ["--nitpicky", "--fail-on-warning"]


def build(out: Path) -> int:
    """Put the whole site into `out`, which it replaces; returns the exit code.

    If it fails, `out` stays as it was.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    new = Path(mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        pages, doctrees = new / "site", new / "doctrees"
        arguments = [*STRICT, "--quiet", "--doctree-dir", str(doctrees)]
        if code := build_main([*arguments, str(ROOT / "docs"), str(pages)]):
            return code
        # What Sphinx keeps for its next build.
        pages.joinpath(".buildinfo").unlink()
        pages.joinpath("_sources").rmdir()
        pack(pages)
        if out.exists():
            out.rename(new / "old")
        pages.rename(out)
    finally:
        shutil.rmtree(new)
    return 0


def pack(out: Path) -> None:
    """Add what runs in the pages."""
    live.pack.pack(out)
    interface.pack(out)
    recorded.pack(out)


def main(arguments: Sequence[str]) -> int:
    """Build into the folder that is named, or into `_site/`."""
    if len(arguments) > 1 or any(name.startswith("-") for name in arguments):
        said = f"unknown: {' '.join(arguments)}; expected one folder or nothing"
        print(said, file=sys.stderr)
        return 2
    base = os.environ.get("SITE_URL", "")
    if base and not re.fullmatch(r"https?://[^\s/]+\S*", base):
        print(f"SITE_URL is {base}; expected https://… or nothing", file=sys.stderr)
        return 2
    out = Path(arguments[0]).resolve() if arguments else SITE
    # It is replaced whole, so it must not hold anything else.
    if out.exists() and not (out / "llms.txt").is_file() and any(out.iterdir()):
        print(f"{out} holds other files; expected a new folder", file=sys.stderr)
        return 2
    if code := build(out):
        return code
    print(f"The site is in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The versions on which everything was last seen to hold: docs/proven.json."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.heading.run_line import PROVEN
from tools.programs import node

__all__ = ["PROVEN", "written"]


def written(root: Path, *, holds: bool) -> str:
    """The file with this Python and this Node in it, or without them."""
    path = root / PROVEN
    proven: dict[str, list[str]] = {"Python": [], "Node": []}
    if path.is_file():
        proven |= json.loads(path.read_text("utf-8"))
    said = subprocess.run([node(), "--version"], capture_output=True, check=True)
    here = {
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "Node": said.stdout.decode().lstrip("v").partition(".")[0],
    }
    for name, version in here.items():
        others = {other for other in proven[name] if other != version}
        versions = others | {version} if holds else others
        proven[name] = sorted(versions, key=lambda v: [int(n) for n in v.split(".")])
    return json.dumps(proven) + "\n"

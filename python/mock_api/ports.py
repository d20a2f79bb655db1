"""Find out who listens on a port. Standard library only."""

import subprocess
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")  # Linux
_LISTENS = "0A"


def listener(port: int) -> str:
    """Who listens on `port`: "process 4711 (node)", or "another process"."""
    find = _from_proc if _PROC.exists() else _from_lsof
    # We cannot see the processes of other users.
    with suppress(OSError, LookupError, subprocess.SubprocessError):
        pid, name = find(port)
        return f"process {pid} ({name})"
    return "another process"


def _from_proc(port: int) -> tuple[str, str]:
    tables = [table.read_text() for table in _PROC.glob("net/tcp*")]
    rows = [line.split() for table in tables for line in table.splitlines()]
    sockets = {
        f"socket:[{row[9]}]"
        for row in rows
        if row[1].endswith(f":{port:04X}") and row[3] == _LISTENS
    }
    for process in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            if any(str(f.readlink()) in sockets for f in process.glob("fd/*")):
                return process.name, (process / "comm").read_text().strip()
    raise LookupError


def _from_lsof(port: int) -> tuple[str, str]:
    command = ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    said = subprocess.check_output(command, text=True, timeout=10)
    fields = {line[0]: line[1:] for line in said.splitlines()}
    return fields["p"], fields["c"]

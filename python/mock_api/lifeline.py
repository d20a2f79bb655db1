"""Whatever we start ends with us, however we end. Standard library only.

A lifeline is a pipe between a process and its owner. The system closes it when
the owner has ended, after `kill -9`, too. A server of ours holds on to one by
itself (`started`). For all other processes a guard does (`guard`).
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

_PYTHON = Path(__file__).resolve().parents[1]  # where mock_api/ and tools/ are
_START = 60  # seconds that a server may take to start
_STOP = 10  # seconds that it, or a guard, may take to end


@contextmanager
def started(name: str, module: str, *arguments: str) -> Iterator[str]:
    """Run `module` until the block ends; what its first line says after a colon.

    The module must end when its standard input closes. What a terminal or `kill`
    sends to all of us does not reach it. RuntimeError: it does not start.
    """
    path = os.pathsep.join(filter(None, [str(_PYTHON), os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        limit = threading.Timer(_START, process.kill)
        limit.start()
        try:
            if not (ready := process.stdout.readline()):
                raise RuntimeError(f"{name} did not start: exit code {process.wait()}.")
            limit.cancel()
            yield ready.partition(": ")[2].strip()
        finally:
            limit.cancel()
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP)
            process.kill()


def wait_for_end_of_owner() -> None:
    """Return when standard input closes: whoever started this process has ended."""
    with suppress(OSError):  # there is no standard input
        while os.read(0, 1024):
            pass


def end_with_owner() -> None:
    """End this process, which needs no cleaning up, when its owner has ended."""

    def watch() -> NoReturn:
        wait_for_end_of_owner()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def guard() -> None:
    """From now on, all that this process starts ends with it, however it ends.

    The guard is a process in a session of its own. It knows ours by their TMPDIR,
    a folder that it removes in the end. SIGTERM and SIGHUP raise SystemExit here.
    On Windows there is no guard: a process cannot see the environment of another.
    """
    if os.name != "posix":
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # `nohup` wants it ignored
            signal.signal(number, _exit)
    # A short name: the path of a socket in there has at most 103 characters.
    folder = Path(tempfile.gettempdir(), f"run-{os.urandom(4).hex()}")
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    folder.mkdir()  # only now: from here on, there is someone to remove it
    folder.chmod(0o711)  # PostgreSQL may have to run as another user
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)

    @atexit.register
    def finish() -> None:
        # A second signal ends the wait: the guard does its work without us.
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt, SystemExit):
            process.communicate(timeout=_STOP)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _guard(folder: str) -> None:
    """Wait for the end of the owner, then end what it has left behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wait_for_end_of_owner()
    # On SIGTERM PostgreSQL waits for its clients, on SIGINT it does not.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        told: set[int] = set()
        limit = time.monotonic() + 1
        while (left := processes(folder)) and time.monotonic() < limit:
            for process in left - told:
                with suppress(OSError):  # it has ended meanwhile
                    os.kill(process, number)
            told |= left
            time.sleep(0.05)
    # Processes that we did not see end with those that we saw, but may still write.
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not Path(folder).exists():
            break
        time.sleep(0.05)


def processes(folder: str) -> set[int]:
    """The processes whose temporary files are in `folder`. POSIX only."""
    mark = os.fsencode(f"TMPDIR={folder}")
    found = set()
    if Path("/proc/self/environ").exists():
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # another user's, or gone already
                if mark in (process / "environ").read_bytes():
                    found.add(int(process.name))
    else:
        ps = ["ps", "-A", "-E", "-ww", "-o", "pid=", "-o", "command="]
        said = subprocess.run(ps, stdout=subprocess.PIPE, check=False).stdout
        found = {int(line.split()[0]) for line in said.splitlines() if mark in line}
    return found


if __name__ == "__main__":
    _guard(sys.argv[1])

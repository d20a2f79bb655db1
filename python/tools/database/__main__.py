"""Run a PostgreSQL until standard input closes: `python -m tools.database`.

The first line it prints says where: `Database: postgres://…`.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue

from tools.database.postgres import postgres


def main() -> None:
    """Serve; whoever started this keeps its standard input open meanwhile."""
    ends: SimpleQueue[int] = SimpleQueue()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not an exception: one while PostgreSQL starts would leave half of it behind.
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, lambda number, _: ends.put(128 + number))
    threading.Thread(target=_watch, args=[ends], daemon=True).start()
    try:
        with postgres() as url:
            print(f"Database: {url}", flush=True)
            code = _first(ends)
    except BrokenPipeError:  # nobody reads the address any more
        code = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (RuntimeError, OSError) as error:
        sys.exit(str(error))
    sys.exit(code)


def _first(ends: "SimpleQueue[int]") -> int:
    # A signal that comes just before the wait begins does not end it, so look up
    # from time to time.
    while True:
        with suppress(Empty):
            return ends.get(timeout=0.5)


def _watch(ends: "SimpleQueue[int]") -> None:
    try:
        while os.read(0, 1024):
            pass
    except OSError:  # there is no standard input
        pass
    ends.put(0)


if __name__ == "__main__":
    main()

"""Run a PostgreSQL until standard input closes: `python -m support.database`.

The first line it prints says where: `Database: postgres://…`.
"""

import signal
import sys
from types import FrameType
from typing import NoReturn

from support.database.postgres import postgres


def main() -> None:
    """Serve; whoever started this keeps its standard input open meanwhile."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with postgres() as url:
            print(f"Database: {url}", flush=True)
            sys.stdin.read()
    except RuntimeError as error:
        sys.exit(str(error))


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()

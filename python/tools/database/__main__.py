"""Run a PostgreSQL until standard input closes: `python -m tools.database`.

The first line it prints says where: `Database: postgres://…`.
"""

import os
import signal
import sys

from mock_api.lifeline import guard, wait_for_end_of_owner
from tools.database.postgres import postgres


def main() -> None:
    """Serve; whoever started this keeps its standard input open meanwhile."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    guard()
    try:
        with postgres() as url:
            print(f"Database: {url}", flush=True)
            wait_for_end_of_owner()
    except BrokenPipeError:  # nobody reads the address any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (RuntimeError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

"""Run a mock API in a process of its own. Standard library only."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import NoReturn

from mock_api.lifeline import started


@contextmanager
def server() -> Iterator[str]:
    """The URL of a mock API: the one in API_URL, or else a new one of our own."""
    if url := os.environ.get("API_URL"):
        yield url
    else:
        with _new_server() as url:
            yield url


def _new_server() -> AbstractContextManager[str]:
    return started("The mock API", "mock_api", "--port", "0", "--lifeline")


def run_with_server(command: Sequence[str]) -> int:
    """Run `command` with the URL of a new mock API in API_URL; its exit code.

    SIGTERM and SIGINT end the command, too. Raises OSError where it cannot run.
    """
    with _new_server() as url:
        local = "127.0.0.1,localhost"
        environment = {**os.environ, "API_URL": url, "NO_PROXY": local}
        signal.signal(signal.SIGTERM, _stop)
        with subprocess.Popen(command, env=environment) as process:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                code = 130
                # A terminal tells the command, too: let it end by itself.
                _end(process, grace=1)
            except SystemExit:
                code = 128 + signal.SIGTERM
                _end(process, grace=0)
        return code if code >= 0 else 128 - code


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End it: after `grace` seconds by SIGTERM, five seconds later for certain."""
    for seconds, last_resort in (grace, process.terminate), (5, process.kill):
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            last_resort()
        else:
            return

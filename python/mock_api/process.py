"""Run a mock API in a process of its own. Standard library only."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

from mock_api.lifeline import guard, started


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

    However this process ends, the command and all that it has started end, too.
    Raises OSError where it cannot run.
    """
    guard()
    with _new_server() as url:
        local = "127.0.0.1,localhost"
        environment = {**os.environ, "API_URL": url, "NO_PROXY": local}
        process = subprocess.Popen(command, env=environment)
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # A terminal tells the command, too: let it end by itself.
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
            raise
        finally:
            process.terminate()
    return code if code >= 0 else 128 - code

"""Run a server of ours in a process that ends with us. Standard library only."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PYTHON = Path(__file__).parents[1]  # the folder that holds mock_api/ and tools/


@contextmanager
def started(name: str, module: str, *arguments: str) -> Iterator[str]:
    """Run `module` until the block ends; what its first line says after a colon.

    The module must end when its standard input closes, which happens however
    we end. What a terminal or `kill` sends to all of us does not reach it.
    RuntimeError: it does not start.
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
        ready = process.stdout.readline()
        if not ready:
            raise RuntimeError(f"{name} did not start: exit code {process.wait()}.")
        try:
            yield ready.partition(": ")[2].strip()
        finally:
            process.stdin.close()

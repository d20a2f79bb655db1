"""Run a program in a page as `python program.py` does in a terminal."""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from live import loop, threads, transport


def prepare() -> None:
    """Do beforehand what every run needs."""
    threads.install()
    loop.install()
    transport.install()


def main(
    name: str,
    source: str,
    api_url: str,
    send: Callable[[Any, Any], Any],
    waiting: Callable[[bool], object],
) -> int:
    """Run it; returns its exit code. What it does not catch stands on stderr."""
    parts = urlsplit(api_url)
    transport.connect(send, f"{parts.scheme}://{parts.netloc}/")
    loop.PageLoop.waiting = staticmethod(waiting)
    os.environ["API_URL"] = api_url
    sys.argv = [name]
    asyncio._set_running_loop(None)
    Path(name).write_text(source, "utf-8")
    code = 0
    try:
        runpy.run_path(name, run_name="__main__")
    except SystemExit as ending:
        code = _exit_code(ending)
    except BaseException as error:
        traceback.print_exception(_without_ours(error, name))
        code = 1
    threads.finish()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _exit_code(ending: SystemExit) -> int:
    if ending.code is None or isinstance(ending.code, int):
        return ending.code or 0
    print(ending.code, file=sys.stderr)
    return 1


def _without_ours(error: BaseException, name: str) -> BaseException:
    """The error with a traceback that begins in the program."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename != name:
        frames = frames.tb_next
    # A SyntaxError has none of its own.
    return error.with_traceback(frames)

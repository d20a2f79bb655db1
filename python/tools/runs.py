"""Run the programs as a user would, each against a scenario of its own.

Threads and plain HTTP from the standard library: a check of a few pairs must
cost little more than the programs themselves, and importing asyncio and httpx
would cost more than all else that happens here.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, fields
from http.client import HTTPConnection
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from mock_api.process import server
from tools.catalogue import Pair
from tools.database.process import database
from tools.lanes import Request
from tools.programs import command, environment, kill, needs_database
from tools.source import LANGUAGES

LIMIT = 60  # seconds that a program may take
AT_ONCE = 4 * (os.cpu_count() or 1)
_FIELDS = [field.name for field in fields(Request)]


class RunError(RuntimeError):
    """No program can be run: there is no mock API, or it refuses."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one program did."""

    command: tuple[str, ...]
    stdout: str
    stderr: str
    exit_code: int | None  # None: killed after LIMIT seconds
    log: tuple[Request, ...]
    problem: str = ""  # why the log is not complete

    @property
    def fine(self) -> bool:
        """Whether it ended well and said nothing on stderr."""
        return self.exit_code == 0 and not self.stderr and not self.problem


Runs = dict[tuple[Pair, str], Run]


def run_pairs(pairs: Iterable[Pair], limit: float = LIMIT) -> Runs:
    """Run all programs of the pairs that exist, several at once.

    A program that takes longer than `limit` seconds is killed. A database is
    started where one needs it, while the others run. RunError: the mock API does
    not answer; RuntimeError: it or the database does not start.
    """
    wanted = [
        (pair, language)
        for pair in pairs
        for language in LANGUAGES
        if pair.program(language).is_file()
    ]
    if not wanted:
        return {}
    running: set[subprocess.Popen[str]] = set()
    with (
        server() as url,
        ExitStack() as stack,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):

        def start(which: tuple[Pair, str], database_url: str | None) -> Future[Run]:
            return pool.submit(_run, url, database_url, command(*which), limit, running)

        try:
            waiting = [which for which in wanted if needs_database(*which)]
            runs = {
                which: start(which, None) for which in wanted if which not in waiting
            }
            if waiting:
                database_url = stack.enter_context(database())
                runs |= {which: start(which, database_url) for which in waiting}
            return {which: runs[which].result() for which in wanted}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                kill(process)
            raise


def _run(
    url: str,
    database_url: str | None,
    command: list[str],
    limit: float,
    running: set[subprocess.Popen[str]],
) -> Run:
    made = _ask(url, "POST", "/scenarios", {"delays": True})
    control = urlsplit(made["control"]).path
    # A folder of its own: no file of an earlier run, and none is left behind.
    with TemporaryDirectory() as folder:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(made["url"], database_url) | {"TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        running.add(process)
        code: int | None = None
        try:
            stdout, stderr = process.communicate(timeout=limit)
            code = process.returncode
        except subprocess.TimeoutExpired:
            kill(process)
            stdout, stderr = process.communicate()
        finally:
            running.discard(process)
    problem, entries = "", []
    try:
        entries = _ask(url, "GET", f"{control}log")
    except RunError as error:
        problem = str(error)
    finally:
        _ask(url, "DELETE", control)
    log = tuple(Request(**{name: entry[name] for name in _FIELDS}) for entry in entries)
    return Run(tuple(command), stdout, stderr, code, log, problem)


def _ask(url: str, method: str, path: str, body: object = None) -> Any:
    """The JSON that the API's control answers; RunError says what is wrong."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(
            method,
            path,
            None if body is None else json.dumps(body),
            {"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        text = answer.read()
    except OSError as error:
        raise RunError(f"no mock API answers at {url}: {error}") from error
    finally:
        connection.close()
    found: Any = json.loads(text) if text else None
    if answer.status >= 400:
        raise RunError(f"{found['title']}: {found['detail']}")
    return found

"""Run the programs as a user would, each against a scenario of its own.

This is the only runner: `compare` shows what happens while it happens, the
checks of the pages wait for the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Thread
from typing import Any, TypeVar

import httpx

from mock_api.client import LogEntry
from mock_api.process import server
from tools.catalogue import Pair
from tools.database.process import database
from tools.programs import command, environment, kill, needs_database
from tools.source import LANGUAGES

T = TypeVar("T")
LIMIT = 60  # seconds that a program may take
AT_ONCE = 4 * (os.cpu_count() or 1)
SLOW = 10.0  # seconds after which one wonders whether a program will ever end
PATIENCE = 30  # seconds that the mock API may take to answer us


class RunError(RuntimeError):
    """No program can be run: there is no mock API, or it refuses."""


class RefusedError(RunError):
    """The mock API refuses what it was asked."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one program did."""

    command: tuple[str, ...]
    stdout: str
    stderr: str
    exit_code: int | None  # None: killed, since it took longer than its limit
    log: tuple[LogEntry, ...]
    problem: str = ""  # why the log is not complete

    @property
    def fine(self) -> bool:
        """Whether it ended well and said nothing on stderr."""
        return self.exit_code == 0 and not self.stderr and not self.problem


Program = tuple[Pair, str]  # the program of a pair in `python` or `javascript`
Runs = dict[Program, Run]
# What is told of a program: for how many seconds it has been running (0, then SLOW),
# each line that it prints, each request as it arrives at the API and as it ends, and
# at last all that it did.
News = str | LogEntry | float | Run
Tell = Callable[[Program, News], None]


def run_pairs(
    pairs: Iterable[Pair], limit: float = LIMIT, tell: Tell | None = None
) -> Runs:
    """Run all programs of the pairs that exist, several at once.

    A program that takes longer than `limit` seconds is killed. A database is
    started where one needs it, while the others run. `tell` hears what happens
    as it happens, lines in a thread of their own. RunError: the mock API does not
    answer; RuntimeError: it or the database does not start; KeyboardInterrupt:
    Ctrl-C or a signal has stopped all programs.
    """
    wanted = [
        (pair, language)
        for pair in pairs
        for language in LANGUAGES
        if pair.program(language).is_file()
    ]
    if not wanted:
        return {}
    with ExitStack() as stack:
        url = stack.enter_context(server())
        url_of_database = None
        if any(needs_database(*program) for program in wanted):
            url_of_database = stack.enter_context(_starting(database()))
        try:
            return asyncio.run(_run_all(wanted, url, url_of_database, limit, tell))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        except BaseExceptionGroup as group:
            raise _first(group) from None


@contextmanager
def _starting(context: AbstractContextManager[str]) -> Iterator[Future[str]]:
    """Enter a context in a thread, and leave it at the end.

    If it is not entered by then, nobody waits: what it starts ends with our process.
    """
    with ExitStack() as stack:
        yield _in_thread(lambda: stack.enter_context(context))


def _in_thread(function: Callable[[], T]) -> Future[T]:
    """What a function returns that runs in a thread for which nobody has to wait."""
    returned: Future[T] = Future()
    returned.set_running_or_notify_cancel()  # so that nobody can cancel it

    def run() -> None:
        try:
            returned.set_result(function())
        except BaseException as error:
            returned.set_exception(error)

    Thread(target=run, daemon=True).start()
    return returned


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _run_all(
    programs: list[Program],
    api_url: str,
    url_of_database: Future[str] | None,
    limit: float,
    tell: Tell | None,
) -> Runs:
    _stop_on_signals()
    slots = asyncio.Semaphore(AT_ONCE)
    async with (
        httpx.AsyncClient(
            base_url=api_url, timeout=PATIENCE, trust_env=False, verify=False
        ) as api,
        asyncio.TaskGroup() as tasks,
    ):

        async def one(program: Program) -> Run:
            database_url = None
            if url_of_database and needs_database(*program):
                database_url = await asyncio.wrap_future(url_of_database)
            async with slots:
                return await run(program, api, database_url, limit, tell)

        running = {program: tasks.create_task(one(program)) for program in programs}
    return {program: task.result() for program, task in running.items()}


def _stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP cancel this task, as Ctrl-C does.

    Not by raising SIGINT: a shell script lets what it starts with `&` ignore it.
    """
    task = asyncio.current_task()
    assert task
    for number in {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
        if signal.getsignal(number) != signal.SIG_IGN:
            with suppress(RuntimeError):  # Windows; not the main thread
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def run(
    program: Program,
    api: httpx.AsyncClient,
    database_url: str | None = None,
    limit: float = LIMIT,
    tell: Tell | None = None,
) -> Run:
    """Run one program against a scenario of its own; what it did.

    When this is cancelled, the program and all that it has started are killed.
    """
    arguments = command(*program)
    hear = partial(tell, program) if tell else lambda news: None
    made = await _ask(api, "POST", "/scenarios", json={})
    control = made["control"]
    async with asyncio.TaskGroup() as tasks:
        watching = None
        if tell:
            watched = asyncio.Event()
            watching = tasks.create_task(_watch(api, control, hear, watched))
            await watched.wait()
        # A folder of its own: no file of an earlier run, and none is left behind.
        with (
            TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr,
        ):
            process = subprocess.Popen(  # noqa: ASYNC220 - `_reading` says why
                arguments,
                cwd=folder,
                env=environment(made["url"], database_url) | {"TMPDIR": folder},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            lines: list[str] = []
            reading = _reading(process, lines, hear)
            try:
                hear(0.0)
                ended, _ = await asyncio.wait([reading], timeout=min(SLOW, limit))
                if not ended and limit > SLOW:
                    hear(SLOW)
                    ended, _ = await asyncio.wait([reading], timeout=limit - SLOW)
                code = reading.result() if ended else None
                log, problem = await _log(api, control, settled=bool(ended))
            finally:
                if process.returncode is None:
                    if watching:
                        watching.cancel()  # else it tells that the killed one hung up
                    kill(process)
                    process.wait()
                    await asyncio.wait([reading], timeout=1)  # for its last lines
                with suppress(RunError):
                    await _ask(api, "DELETE", control)  # which ends the watching
            stderr.seek(0)
            errors = stderr.read()
    done = Run(tuple(arguments), "".join(lines), errors, code, log, problem)
    hear(done)
    return done


def _reading(
    process: subprocess.Popen[str], lines: list[str], hear: Callable[[str], None]
) -> asyncio.Future[int]:
    """The exit code, once the program has ended and all that it printed is read.

    A thread reads, since asyncio's own processes cannot be given up. When
    `create_subprocess_exec` is cancelled, it kills the program, but not what that
    has started, and waits for ever while such a child holds the pipe open.
    """

    def read() -> int:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                lines.append(line)
                hear(line)
        return process.wait()

    exit_code = asyncio.wrap_future(_in_thread(read))
    # Where the first error has ended all programs, nobody asks for another.
    exit_code.add_done_callback(lambda done: done.exception())
    return exit_code


async def _watch(
    api: httpx.AsyncClient,
    control: str,
    hear: Callable[[LogEntry], None],
    watched: asyncio.Event,
) -> None:
    """Tell of each request, until the scenario is deleted."""
    endless = httpx.Timeout(PATIENCE, read=None)
    with _told(api):
        async with api.stream("GET", f"{control}events", timeout=endless) as events:
            watched.set()
            async for line in events.aiter_lines():
                entry = json.loads(line)
                del entry["event"]
                hear(LogEntry(**entry))


async def _log(
    api: httpx.AsyncClient, control: str, *, settled: bool
) -> tuple[tuple[LogEntry, ...], str]:
    """What the API saw, or why it does not say."""
    params = {"settled": str(settled).lower()}
    try:
        entries = await _ask(api, "GET", f"{control}log", params=params)
    except RefusedError as refused:
        return (), str(refused)
    return tuple(LogEntry(**entry) for entry in entries), ""


async def _ask(api: httpx.AsyncClient, method: str, path: str, **rest: Any) -> Any:
    """The JSON that the API's control answers; RunError says what is wrong."""
    with _told(api):
        answer = await api.request(method, path, **rest)
    found: Any = answer.json() if answer.content else None
    if answer.is_error:
        raise RefusedError(f"{found['title']}: {found['detail']}")
    return found


@contextmanager
def _told(api: httpx.AsyncClient) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        why = str(error) or type(error).__name__
        raise RunError(f"no mock API answers at {api.base_url}: {why}") from error

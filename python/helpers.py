"""What the tests of the Python programs share.

`javascript/helpers.js` says the same with the same words.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import math
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception_only
from typing import Any, Self

import httpx

from tools.programs import node

PYTHON = Path(__file__).resolve().parent
# Seconds until a wait is called a failure. Who breaks a program to see its
# tests fail sets fewer.
LIMIT = float(os.environ.get("TEST_LIMIT", "30"))
QUIET = {
    "PYTHONDEVMODE": "",
    "PYTHONWARNINGS": "",
    "PYTHONASYNCIODEBUG": "",
    "PYTHONUTF8": "1",
}


class Clock:
    """The clock of the event loop, which stands still inside `with Clock()`.

    Whatever the loop counts waits: `sleep`, `timeout`, `call_later`, and the
    limits of httpx. Sockets, threads and processes work on.
    """

    def __init__(self) -> None:
        self._loop: Any = asyncio.get_running_loop()
        self._real_time = self._loop.time
        self._began = self._now = self._loop.time()
        self._too_late = False
        # A test that waits for this clock would wait for ever.
        call = self._loop.call_soon_threadsafe
        self._alarm = threading.Timer(LIMIT, call, [self._give_up])

    def __enter__(self) -> Self:
        self._loop.time = lambda: self._now
        # A step that moves the clock is not a slow one.
        self._loop.slow_callback_duration = math.inf
        self._alarm.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        # If it went back, timers that were set meanwhile would wait longer.
        self._go_on()
        assert not self._too_late, (
            f"After {LIMIT:g} s the clock went on without the test."
        )

    def _go_on(self) -> None:
        moved = self._now - self._began
        self._loop.time = lambda: self._real_time() + moved

    def _give_up(self) -> None:
        self._go_on()
        self._too_late = True

    async def advance(self, seconds: float) -> None:
        """Move the clock on, and let all that is due by then run, in order.

        It stops at every timer on the way, so that what starts there counts
        from there.
        """
        end = self._now + seconds
        await self._run_what_is_ready()
        # Sums of floats differ in their last digits: 2.999 + 0.001 is 3, too.
        while (due := self._next_timer()) < end + 1e-6:
            self._now = max(self._now, due)
            await self._run_what_is_ready()
        self._now = max(self._now, end)

    def _next_timer(self) -> float:
        timers = (t for t in self._loop._scheduled if not t.cancelled())
        return min((timer.when() for timer in timers), default=math.inf)

    async def _run_what_is_ready(self) -> None:
        # A program that gives way again and again is always ready.
        for _ in range(1000):
            await asyncio.sleep(0)
            if not self._loop._ready:
                break


class Program(io.TextIOBase):
    """A program that runs as a task of the test, and what it has printed."""

    def __init__(self) -> None:
        self.output = ""
        self.task: asyncio.Task[Any]
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    @property
    def lines(self) -> list[str]:
        """The output so far, line by line."""
        return self.output.splitlines()

    async def prints(self, text: str) -> None:
        """Wait until the program has printed `text`, anywhere in its output.

        Fails where the program ends first, or prints nothing of it within
        `LIMIT` seconds.
        """
        async with limited(lambda: self._only(text)):
            while text not in self.output:
                assert not self.task.done(), self._only(text)
                self._news.clear()
                await self._news.wait()

    def _only(self, text: str) -> str:
        return f"not printed: {text!r}, only:\n{self.output}"

    def write(self, text: str) -> int:
        """Take what the program prints; it may print from another thread."""
        self.output += text
        self._loop.call_soon_threadsafe(self._news.set)
        return len(text)


@contextlib.asynccontextmanager
async def running(
    main: Coroutine[Any, Any, object],
) -> AsyncIterator[Program]:
    """Run `main` beside the block, and to its end when the block is done.

    What it raises comes out at the end of the block. Where the block fails,
    the program is cancelled.
    """
    program = Program()

    def not_ended() -> str:
        return f"not ended, printed:\n{program.output}"

    with contextlib.redirect_stdout(program):
        program.task = task = asyncio.create_task(main)
        task.add_done_callback(lambda _: program._news.set())
        try:
            yield program
            async with limited(not_ended):
                await asyncio.wait([task])
            await task
        finally:
            task.cancel()
            async with limited(not_ended):
                await asyncio.wait([task])


async def printed(main: Coroutine[Any, Any, object]) -> str:
    """Run `main` to its end and return all that it printed."""
    async with running(main) as program:
        pass
    return program.output


def reported() -> list[str]:
    """The messages of what the event loop reports from now on.

    Until then it would log them: a failure that nobody asks for, a callback
    that raises.
    """
    messages: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: messages.append(context["message"])
    )
    return messages


async def stopped(task: asyncio.Task[Any]) -> Any:
    """Cancel a task that has begun to wait, let it end, and return it."""
    task.cancel()
    await asyncio.wait([task])
    return task


async def taken_in(client: httpx.AsyncClient) -> None:
    """Wait until the program has all the answers that were sent."""
    # They come before the answers to these.
    for _ in range(3):
        await client.get("/data")


def last_line(error: BaseException) -> str:
    """What a traceback says of an error at its end."""
    return format_exception_only(error)[-1].rstrip()


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended, and all that it printed."""

    code: int
    stdout: str
    stderr: str


async def run_python(*arguments: str, **env: str) -> Finished:
    """Run this Python with `arguments` in a process of its own, to its end.

    It runs in the folder `python/`, so that `-c "from basics import errors"`
    works, without the development mode that the tests themselves run in.
    `env` is added to the environment. A process that takes too long is killed,
    and this fails.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=PYTHON,
        env={**os.environ, **QUIET, **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        # A whole program does much more than one step of it.
        async with limited(lambda: f"not ended: python {arguments}", 2):
            out, err = await process.communicate()
    finally:
        await killed(process)
    assert process.returncode is not None
    lines = [
        stream.decode().replace("\r\n", "\n") for stream in (out, err)
    ]
    return Finished(process.returncode, *lines)


LIFELINE = "from mock_api.lifeline import end_with_owner as _; _()\n"
LIFELINE_JS = ["--require=./tools/lifeline.js", "--input-type=module"]


@dataclass(frozen=True, slots=True)
class Served:
    """A server in a process of its own."""

    port: int
    process: asyncio.subprocess.Process


@contextlib.asynccontextmanager
async def serving(
    language: str, source: str, **env: str
) -> AsyncIterator[Served]:
    """Run a server in a process of its own, which ends with the block.

    `source` is a program in `language`, "python" or "javascript", that runs in
    the folder of that name; the first line it prints is its port. It ends, too,
    when we end, however that happens.
    """
    command = {
        "python": [sys.executable, "-c", LIFELINE + source],
        "javascript": [node(), *LIFELINE_JS, "--eval", source],
    }[language]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=PYTHON.with_name(language),
        env={**os.environ, **QUIET, **env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    problem = "The server did not start: "
    try:
        async with limited(
            lambda: f"{problem}it has not printed a line yet."
        ):
            port = await process.stdout.readline()
        assert port, f"{problem}it ended without a line."
        yield Served(int(port), process)
    finally:
        await killed(process)


async def killed(process: asyncio.subprocess.Process) -> None:
    """End a process, unless it has ended, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    async with limited(lambda: f"killed, but not gone: {process}"):
        await process.communicate()


@contextlib.asynccontextmanager
async def limited(
    problem: Callable[[], str], times: int = 1
) -> AsyncIterator[None]:
    """Fail where the block takes longer than `times` the usual limit.

    `problem` says what has not come, and what has.
    """
    seconds = times * LIMIT
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        message = f"After {seconds:g} s: {problem()}"
        raise AssertionError(message) from error

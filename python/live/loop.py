"""An event loop for a page: CPython's own, which waits by suspending its stack.

Pyodide's loop is JavaScript's: it never ends, and a blocking call does not block it.
A program must see asyncio as it is in a terminal, so it gets `BaseEventLoop`, of which
only the waiting is ours. JavaScript Promise Integration (JSPI) makes that possible:
while one stack of Python waits for a promise, JavaScript goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, TypeVarTuple

from pyodide import webloop
from pyodide.ffi import run_sync

_Ts = TypeVarTuple("_Ts")

HOST = asyncio.get_event_loop()  # Pyodide's, which is the worker's own
LOOK = 0.002  # seconds: so long callbacks may run before JavaScript has a turn


def suspend(awaitable: Awaitable[Any]) -> Any:
    """Wait for something of JavaScript's. Only this stack of Python waits."""
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(HOST)
    try:
        return run_sync(awaitable)
    finally:
        asyncio._set_running_loop(outer)


def sleep(seconds: float) -> None:
    """`time.sleep`: the event loop of the program waits, too."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    over = HOST.create_future()
    HOST.call_later(seconds, over.set_result, None)
    suspend(over)


class PageLoop(asyncio.base_events.BaseEventLoop):
    """It is its own selector, in which JavaScript's callbacks have their turns."""

    # Told when the loop begins to wait, and when it goes on.
    waiting: Callable[[bool], object] = staticmethod(lambda _: None)

    def __init__(self) -> None:
        super().__init__()
        self._selector = self
        self._gate: asyncio.Future[None] | None = None
        self._looked = 0.0

    def select(self, timeout: float | None) -> tuple[()]:
        """Wait for so many seconds, or until a callback is there; None: for ever."""
        if timeout == 0 and time.perf_counter() - self._looked < LOOK:
            return ()
        # A future and no coroutine: that would take a number of the program's tasks.
        self._gate = gate = HOST.create_future()
        timer = None
        if timeout is not None:
            timer = HOST.call_later(max(0, timeout), self._write_to_self)
        self.waiting(True)
        try:
            suspend(gate)
        finally:
            self.waiting(False)
            self._gate = None
            if timer:
                timer.cancel()
        self._looked = time.perf_counter()
        return ()

    def call_soon(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Also from JavaScript's callbacks, while the loop waits."""
        handle = super().call_soon(callback, *args, context=context)
        self._write_to_self()
        return handle

    def _process_events(self, event_list: object) -> None:
        pass

    def _write_to_self(self) -> None:
        if self._gate and not self._gate.done():
            self._gate.set_result(None)


class _Policy(webloop.WebLoopPolicy):  # type: ignore[misc]
    """The programs' loops are ours; whoever asks for the present one gets HOST."""

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        return HOST

    def set_event_loop(self, loop: object) -> None:
        pass

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return PageLoop()


def install() -> None:
    """Let programs have asyncio and `time.sleep` as in a terminal."""
    asyncio.run = webloop._orig_run
    asyncio.set_event_loop_policy(_Policy())
    time.sleep = sleep  # type: ignore[assignment]

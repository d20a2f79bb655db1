"""Threads in a page: each is a stack of Python that JavaScript starts (JSPI).

One runs at a time, and another has its turn where one waits: for a lock, a queue, a
sleep or an answer. So blocking calls overlap as in a terminal, computing does not.
"""

from __future__ import annotations

import _thread
import contextvars
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_once_callable

from live.loop import HOST, suspend

_main = _thread.get_ident()
_ident = contextvars.ContextVar("_ident", default=_main)
_idents = itertools.count(_main + 1)


class Lock:
    """`threading.Lock`, which suspends the stack that waits for it."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: deque[Any] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it; False: not within `timeout` seconds."""
        if not self._held:
            self._held = True
            return True
        if not blocking or timeout == 0:
            return False
        turn = HOST.create_future()
        self._waiting.append(turn)
        if timeout > 0:

            def late() -> None:
                if not turn.done():
                    turn.set_result(False)

            HOST.call_later(timeout, late)
        return bool(suspend(turn))

    def release(self) -> None:
        """Hand it to the next that waits."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        while self._waiting:
            if not (turn := self._waiting.popleft()).done():
                turn.set_result(True)
                return
        self._held = False

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._held = False


class _Handle:
    """What `threading.Thread` knows of its stack."""

    def __init__(self) -> None:
        self.ident = next(_idents)
        self._running = Lock()
        self._running.acquire()
        self._ended = False

    def is_done(self) -> bool:
        return self._ended

    def _set_done(self) -> None:
        self._ended = True
        self._running.release()

    def join(self, timeout: float | None = None) -> None:
        if not self._ended and self._running.acquire(
            timeout=-1 if timeout is None else timeout
        ):
            self._running.release()


def _start(
    function: Callable[[], object],
    handle: _Handle | None = None,
    daemon: bool = True,
) -> _Handle:
    """`_thread.start_joinable_thread`."""
    handle = handle or _Handle()
    # Thread.run() has a context of its own.
    context = getattr(getattr(function, "__self__", None), "_context", None)
    if context is not None:
        context.run(_ident.set, handle.ident)

    def work() -> None:
        _ident.set(handle.ident)
        try:
            function()
        finally:
            handle._set_done()

    begin = lambda: contextvars.Context().run(work)  # noqa: E731
    js.setTimeout(create_once_callable(begin, _may_syncify=True), 0)
    return handle


def install() -> None:
    """Let `threading` and all that stands on it start and stop such stacks."""
    lib: Any = threading
    native: Any = _thread
    lib._allocate_lock = lib.Lock = native.allocate_lock = Lock
    lib._CRLock, lib.RLock = None, lib._PyRLock
    lib.get_ident = native.get_ident = _ident.get
    lib._start_joinable_thread, lib._ThreadHandle = _start, _Handle
    pure: Any = queue
    pure.SimpleQueue = pure._PySimpleQueue


def finish() -> None:
    """Wait for the threads that a program has left, as Python does at its end."""
    threading._shutdown()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()

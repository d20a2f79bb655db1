"""The HTTP server: uvicorn with httptools, on the asyncio event loop.

uvloop would be faster, but its timers may fire a millisecond early, and a
delay of the mock API is never early.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserInvalidURLError,
    HttpParserUpgrade,
)
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mock_api.limits import HEAD_BYTES, HEAD_SECONDS, REST_SECONDS, UNREAD_SECONDS
from mock_api.problem import PHRASES, Problem
from mock_api.responses import App, Response

_BACKLOG = 4096  # as many clients may connect at the same moment

# The same words on every Python.
STATUS_LINE |= {
    status: f"HTTP/1.1 {status} {phrase}\r\n".encode()
    for status, phrase in PHRASES.items()
}


class Connection(HttpToolsProtocol):
    """A client's connection; the application finds it in `scope["state"]`.

    What is not HTTP, or is too large or too slow, is answered here.
    """

    on_lost: Callable[[], object] | None = None
    lost = False
    gave_up = False  # we have closed it, for the client read nothing

    _running: RequestResponseCycle | None = None  # the request that is being answered
    _refused: Problem | None = None  # to be sent when the others are answered
    _in_head = False
    _taken = 0  # bytes since the parser last had something for the application
    _slow: asyncio.TimerHandle | None = None  # a head, or whoever has been refused
    _unread: asyncio.TimerHandle | None = None
    _used = 0.0  # when the last response was complete, as the loop counts

    # What comes in

    def data_received(self, data: bytes) -> None:
        """Take what the client has sent."""
        self._taken += len(data)
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:  # there is nothing else here: answer as usual
            self.cycle.keep_alive = False
        except HttpParserError as error:
            self._refuse(_what_is_wrong(error))
        else:
            if self._taken > HEAD_BYTES:
                self._refuse(_too_large())
            elif self._in_head and self._slow is None:
                self._slow = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["state"]["connection"] = self
        self._in_head = True

    def on_headers_complete(self) -> None:
        """Let the application have the request, or refuse it."""
        self._in_head = False
        if self._slow:
            self._slow.cancel()
            self._slow = None
        if self._taken > HEAD_BYTES:  # perhaps not all of it is the head
            size = len(self.url) + sum(len(n) + len(v) + 4 for n, v in self.headers)
            if size > HEAD_BYTES:
                raise _too_large()
        self._taken = 0
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Problem(505, f"HTTP/{version}: expected HTTP/1.1.")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Let the application have a part of the body."""
        self._taken = 0
        super().on_body(body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request, or with what was wrong with it."""
        if self._refused and not self.pipeline and not self.transport.is_closing():
            self._answer(self._refused)
            return
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            if self.transport.is_closing():
                self._watch_reading()
            return
        self.flow.resume_reading()
        self._used = self.loop.time()
        # Uvicorn makes a timer after each request, and cancels it at the next.
        if self.timeout_keep_alive_task is None:
            self._look_after(self.timeout_keep_alive)

    def send_whole(self, response: Response) -> bool:
        """Send a response in one piece, if there is nothing special about it.

        Uvicorn, which knows what is special, takes several times as long: it
        checks what comes, puts it together each time, and sends two pieces.
        """
        cycle = self._running
        if (
            cycle is None  # the client has gone
            or not cycle.keep_alive
            or cycle.scope["method"] == "HEAD"
            or self.flow.write_paused
            or response.closes
        ):
            return False
        if response.whole_with is not self.server_state.default_headers:
            response.whole = self._encode(response)
            response.whole_with = self.server_state.default_headers
        cycle.response_started = cycle.response_complete = True
        self.transport.write(response.whole)
        self.on_response_complete()
        return True

    def _look_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that nobody uses, even if something is still unread."""
        self.timeout_keep_alive_task = None
        if self._in_head or (self._running and not self._running.response_complete):
            return  # the end of this response will begin a new time
        if (left := self._used + self.timeout_keep_alive - self.loop.time()) > 0:
            self._look_after(left)
        else:
            self.transport.abort()

    def _head_is_late(self) -> None:
        self._slow = None
        self._refuse(
            Problem(408, f"The head: expected all of it within {HEAD_SECONDS} seconds.")
        )

    # What is refused

    def _refuse(self, problem: Problem) -> None:
        """Answer with `problem`, once all earlier requests are answered, and close."""
        if self.parser is _NO_PARSER:  # that has happened already
            return
        self.parser = _NO_PARSER
        self._in_head = False
        if self.pipeline and self.pipeline[0][0].more_body:
            self.pipeline.popleft()  # the request that is broken, and has not begun
        running = self._running
        if running is None or running.response_complete:
            self._answer(problem)
        elif not running.more_body:
            self._refused = problem
        elif running.response_started:  # it has been answered, with its body half sent
            self.close()
        else:
            self._answer(problem)

    def _answer(self, problem: Problem) -> None:
        self.transport.write(
            self._encode(problem.response(), (b"connection", b"close"))
        )
        # Only our side is closed: if the client still sends, and we did not read,
        # it would never see the answer.
        self.transport.write_eof()
        self.flow.resume_reading()
        if self._slow:
            self._slow.cancel()
        self._slow = self.loop.call_later(REST_SECONDS, self.transport.abort)

    def _encode(self, response: Response, *more: tuple[bytes, bytes]) -> bytes:
        headers = [*self.server_state.default_headers, *response.headers, *more]
        lines = [b"%s: %s\r\n" % header for header in headers]
        start = STATUS_LINE[response.status]
        return b"".join([start, *lines, b"\r\n", response.body])

    # What nobody reads

    def close(self) -> None:
        """Close it, once everything has been sent."""
        self.transport.close()
        self._watch_reading()

    def pause_writing(self) -> None:
        """Wait until the client has read more."""
        super().pause_writing()
        self._watch_reading()

    def resume_writing(self) -> None:
        """Go on: it has."""
        super().resume_writing()
        if self._unread and not self.transport.is_closing():
            self._unread.cancel()
            self._unread = None

    def _watch_reading(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread and not self._unread:
            self._unread = self.loop.call_later(
                UNREAD_SECONDS, self._is_it_reading, unread
            )

    def _is_it_reading(self, unread_before: int) -> None:
        self._unread = None
        if self.transport.get_write_buffer_size() >= unread_before:
            self.gave_up = True
            self.transport.abort()
        else:
            self._watch_reading()

    # How it ends

    def eof_received(self) -> bool:  # type: ignore[override]
        """Say whether to go on: the client may have closed only its own side.

        One that still waits for its answer cannot be told from one that has hung
        up, but by sending something: where nobody is there any more, the system
        says so. A byte of urgent data does it, for no client gets to read that.
        """
        running = self._running
        if (
            sys.platform == "win32"  # where the system does not say so
            or running is None
            or running.response_complete
            or self.cycle.more_body
        ):
            return False
        self.cycle.keep_alive = False
        try:
            with self.transport.get_extra_info("socket").dup() as client:
                client.send(b"\0", socket.MSG_OOB)
        except BlockingIOError:
            pass  # there is more to send, and whoever sends it will find out
        except OSError:
            return False
        self._look_for_client(0.01)
        return not self.transport.is_closing()

    def _look_for_client(self, seconds: float) -> None:
        """Look whether the system says so, at once and some moments later."""
        client = self.transport.get_extra_info("socket")
        if self.lost:
            return
        if client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.transport.abort()
        elif seconds < 1:
            self.loop.call_later(seconds, self._look_for_client, 2 * seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.lost = True
        for timer in (self._slow, self._unread):
            if timer:
                timer.cancel()
        if self.on_lost:
            self.on_lost()
        # They lead back here. Without them, this is freed without a search for
        # garbage.
        self.scope = self.cycle = self._running = None  # type: ignore[assignment]
        self.pipeline.clear()


class _NoParser:
    """Takes what comes after the last request that is answered."""

    def feed_data(self, data: bytes) -> None:
        """Do nothing with it."""


_NO_PARSER: Any = _NoParser()


def _what_is_wrong(error: HttpParserError) -> Problem:
    if isinstance(error.__context__, Problem):  # ours, raised while it parsed
        return error.__context__
    if isinstance(error, HttpParserInvalidMethodError):
        return Problem(400, "The method: expected one that HTTP has, like GET.")
    if isinstance(error, HttpParserInvalidURLError | HttpParserCallbackError):
        said = 'After the method: expected a path in ASCII, like "/posts".'
        return Problem(400, said)
    return Problem(400, f"This is not HTTP/1.1: {error}.")


def _too_large() -> Problem:
    return Problem(431, f"The head: expected at most {HEAD_BYTES} bytes.")


class _Server(uvicorn.Server):
    ignore_interrupt = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        assert sockets is not None
        host, port = sockets[0].getsockname()
        print(f"Mock API: http://{host}:{port}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop at once: requests that wait here would never end by themselves."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, unless whoever started the server decides that."""
        if not (self.ignore_interrupt and sig == signal.SIGINT):
            super().handle_exit(sig, frame)


def listen(port: int) -> socket.socket:
    """A socket on the loopback address; port 0 is a free one. Raises OSError."""
    # asyncio turns Nagle's algorithm off, which costs 40 ms a request, only where
    # the protocol is named.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows this would share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def serve(app: App, listening: socket.socket, *, ignore_interrupt: bool) -> None:
    """Serve until SIGTERM or SIGINT (KeyboardInterrupt)."""
    _allow_many_connections()
    server = _Server(config(app))
    server.ignore_interrupt = ignore_interrupt
    server.run(sockets=[listening])


def config(app: App) -> uvicorn.Config:
    """How uvicorn serves `app`."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        backlog=_BACKLOG,
        access_log=False,
        log_config=None,
        log_level="critical",
        proxy_headers=False,
        server_header=False,
        headers=[
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Expose-Headers", "*"),
        ],
        # Longer than any client keeps a connection that it does not use:
        # the side that closes first must be the one that asks.
        timeout_keep_alive=120,
    )


def _allow_many_connections() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

"""The HTTP server: uvicorn with httptools, on the asyncio event loop.

uvloop would be faster, but its timers may fire a millisecond early, and a
delay of the mock API is never early.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_BACKLOG = 4096  # as many clients may connect at the same moment


class Connection(HttpToolsProtocol):
    """A client's connection; the application finds it in `scope["state"]`."""

    on_lost: Callable[[], object] | None = None
    lost = False

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["state"]["connection"] = self

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application."""
        super().connection_lost(exc)
        self.lost = True
        if self.on_lost:
            self.on_lost()


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


def serve(app: ASGIApp, listening: socket.socket, *, ignore_interrupt: bool) -> None:
    """Serve until SIGTERM or SIGINT (KeyboardInterrupt)."""
    _allow_many_connections()
    server = _Server(
        uvicorn.Config(
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
    )
    server.ignore_interrupt = ignore_interrupt
    server.run(sockets=[listening])


def _allow_many_connections() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

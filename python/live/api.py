"""The mock API without uvicorn: its application, called by whoever has a port.

It answers as its server does: it knows when a client hangs up, it can drop a
connection in the middle, and each program has a scenario of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from mock_api.app import app
from mock_api.control import SCENARIOS
from mock_api.responses import Message, Response

ORIGIN = "http://127.0.0.1:8000"
# The log waits at most so many seconds for something to happen.
_LIMIT = 10


class Reply(Protocol):
    """Takes an answer: `start`, some times `chunk`, then `end`, or `fail`."""

    def start(self, status: int, headers: list[list[str]], /) -> object:
        """The head."""

    def chunk(self, piece: bytes, /) -> object:
        """A piece of the body."""

    def end(self) -> object:
        """All has been sent."""

    def fail(self) -> object:
        """The connection is lost."""


class Call:
    """One request. For the application it is a connection of its own, too."""

    on_lost: Callable[[], object] | None = None
    lost = False
    gave_up = False

    def __init__(self, scope: dict[str, Any], body: bytes, reply: Reply) -> None:
        self._scope = {**scope, "state": {"connection": self}}
        self._requests = [
            {"type": "http.request", "body": body, "more_body": False},
        ]
        self._reply: Reply | None = reply
        self._gone = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())

    def send_whole(self, response: Response) -> bool:
        """Whether all of it has been sent: we have no shorter way."""
        return False

    def close(self) -> None:
        """Drop the connection; the application has decided so."""
        if self._reply:
            self._reply.fail()
        self._reply = None
        self.lost = True
        self._gone.set()

    def hang_up(self) -> None:
        """The client has gone; all work on the request ends."""
        self._reply = None
        self.lost = True
        self._gone.set()
        if self.on_lost:
            self.on_lost()

    async def ended(self) -> None:
        """Wait until the application is done with it."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            await app(self._scope, self._receive, self._send)
        finally:
            if self._reply:  # a bug, of which the server would close the connection
                self.close()

    async def _receive(self) -> Message:
        if self._requests:
            return self._requests.pop()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._reply is None:
            return
        if message["type"] == "http.response.start":
            headers = [
                [name.decode("latin-1"), value.decode("latin-1")]
                for name, value in message["headers"]
            ]
            self._reply.start(message["status"], headers)
            return
        if message.get("body") and self._scope["method"] != "HEAD":
            self._reply.chunk(message["body"])
        if not message.get("more_body"):
            self._reply.end()
            self._reply = None
            self._gone.set()


class Scenario:
    """A scenario for one program; `watch` gets each event of its log, as JSON."""

    def __init__(self, watch: Callable[[str], object]) -> None:
        self._scenario = SCENARIOS.make(delays=True, limit=_LIMIT)
        self.url = ORIGIN + self._scenario.prefix
        self._watch = watch
        self._calls: set[Call] = set()
        self._told = 0
        self._happened = asyncio.Event()
        self._scenario.log.listeners.add(self._happened)
        self._telling = asyncio.ensure_future(self._tell())

    def now(self) -> float:
        """Seconds since it began, as its log counts."""
        return self._scenario.log.now()

    def call(
        self,
        method: str,
        url: str,
        headers: Any,
        body: Any,
        reply: Reply,
    ) -> Call:
        """Answer a request; headers and body may be JavaScript's."""
        if hasattr(headers, "to_py"):
            headers, body = headers.to_py(), body.to_bytes()
        call = Call(_scope(method, url, headers), body, reply)
        self._calls.add(call)
        call._task.add_done_callback(lambda _: self._calls.discard(call))
        return call

    async def close(self) -> None:
        """Hang up whatever is in flight, tell the last events, and delete it."""
        for call in list(self._calls):
            call.hang_up()
            await call.ended()
        self._telling.cancel()
        self._tell_new()
        SCENARIOS.delete(self._scenario)

    async def _tell(self) -> None:
        while True:
            await self._happened.wait()
            self._happened.clear()
            self._tell_new()

    def _tell_new(self) -> None:
        log = self._scenario.log
        self._told, events = log.events_from(self._told, log.events)
        for event in events:
            del event["event"]
            self._watch(json.dumps(event))


def _scope(method: str, url: str, headers: list[list[str]]) -> dict[str, Any]:
    """What ASGI calls a scope."""
    parts = urlsplit(url)
    named = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
    ]
    if not any(name == b"host" for name, _ in named):
        named.insert(0, (b"host", parts.netloc.encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": named,
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname, parts.port or 80),
    }

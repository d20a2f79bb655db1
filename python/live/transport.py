"""httpx in a page: its requests go through the worker's port to the mock API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import js
from pyodide.ffi import create_proxy, to_js

from live.loop import suspend

_NO_ANSWER = "Server disconnected without sending a response."
_REFUSED = "All connection attempts failed"


class _Exchange:
    """One request and what has come of its answer."""

    send: Callable[[Any, Any], Any]  # the worker's
    origin = ""

    def __init__(self, request: httpx.Request, body: bytes) -> None:
        self.request = request
        self._came: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._ended = False
        outgoing = to_js(
            {
                "method": request.method,
                "url": str(request.url),
                "headers": request.headers.multi_items(),
                "body": body,
            },
            dict_converter=js.Object.fromEntries,
        )
        self._give_up = type(self).send(outgoing, create_proxy(self._put))

    def _put(self, what: str, value: Any) -> None:
        if what == "start":
            value = value.to_py()
        elif what == "chunk":
            value = value.to_bytes()
        self._came.put_nowait((what, value))

    async def next(self) -> tuple[str, Any]:
        """The next that comes; httpx.ReadTimeout: not in time."""
        limit = self.request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(limit):
                what, value = await self._came.get()
        except TimeoutError:
            self.close()
            raise httpx.ReadTimeout("", request=self.request) from None
        except BaseException:
            self.close()
            raise
        if what in ("end", "fail"):
            self.close()
        return what, value

    def close(self) -> None:
        """Give up what is still to come."""
        if not self._ended:
            self._ended = True
            self._give_up()


class _Body(httpx.AsyncByteStream):
    def __init__(self, exchange: _Exchange, length: int | None) -> None:
        self._exchange, self._length = exchange, length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        while True:
            what, value = await self._exchange.next()
            if what == "end":
                return
            if what == "fail":
                raise httpx.RemoteProtocolError(
                    _cut_off(received, self._length),
                    request=self._exchange.request,
                )
            received += len(value)
            yield value

    async def aclose(self) -> None:
        self._exchange.close()


def _cut_off(received: int, length: int | None) -> str:
    start = "peer closed connection without sending complete message body "
    if length is None:
        return f"{start}(incomplete chunked read)"
    return f"{start}(received {received} bytes, expected {length})"


class PageTransport(httpx.AsyncBaseTransport):
    """What httpx.AsyncClient sends its requests through."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass  # pools, certificates and protocols are the browser's business

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; the body of the answer comes as it is read."""
        if not str(request.url).startswith(_Exchange.origin):
            raise httpx.ConnectError(_REFUSED, request=request)
        exchange = _Exchange(request, await request.aread())
        what, head = await exchange.next()
        if what == "fail":
            raise httpx.RemoteProtocolError(_NO_ANSWER, request=request)
        headers = httpx.Headers([tuple(pair) for pair in head["headers"]])
        length = headers.get("content-length")
        return httpx.Response(
            head["status"],
            headers=headers,
            stream=_Body(exchange, int(length) if length else None),
            extensions={"http_version": b"HTTP/1.1"},
        )


class _Pieces(httpx.SyncByteStream):
    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body, self._pieces = body, aiter(body)

    def __iter__(self) -> Iterator[bytes]:
        while (piece := suspend(anext(self._pieces, None))) is not None:
            yield piece

    def close(self) -> None:
        suspend(self._body.aclose())


class BlockingTransport(httpx.BaseTransport):
    """What httpx.Client sends its requests through: the program waits."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._transport = PageTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        request.read()
        answer = suspend(self._transport.handle_async_request(request))
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Pieces(answer.stream),
            extensions=answer.extensions,
        )


def install() -> None:
    """Let httpx use them."""
    client: Any = httpx._client
    public: Any = httpx
    client.AsyncHTTPTransport = public.AsyncHTTPTransport = PageTransport
    client.HTTPTransport = public.HTTPTransport = BlockingTransport


def connect(send: Callable[[Any, Any], Any], origin: str) -> None:
    """Name the worker's function that sends, and the only origin there is."""
    _Exchange.send, _Exchange.origin = staticmethod(send), origin

"""What is sent back: a body that is known, or one that comes piece by piece."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

# As ASGI names them.
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON = json.JSONEncoder(separators=(",", ":"))

# Sends a piece of a body; the flag says whether more will follow.
Write = Callable[[bytes, bool], Awaitable[None]]


class Dropped(Exception):  # noqa: N818 - not an error, an order
    """The connection is to be closed in the middle; the log is told the `ending`."""

    def __init__(self, ending: str = "dropped") -> None:
        super().__init__(ending)
        self.ending = ending


class Response:
    """A response whose body is known. It can be sent any number of times."""

    ending = "completed"  # what the log says of it, once it has been sent
    # All of it as the server sends it, which is kept here, and with what headers of
    # its own: they change with the date.
    whole = b""
    whole_with: object = None

    def __init__(
        self,
        body: bytes = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        media_type: str | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = _encoded(headers or {})
        if media_type:
            self.headers.append((b"content-type", media_type.encode()))
        if status not in (204, 304):
            self.headers.append((b"content-length", b"%d" % len(body)))
        self.closes = b"connection" in dict(self.headers)
        self._start = {
            "type": "http.response.start",
            "status": status,
            "headers": self.headers,
        }
        self._end = {"type": "http.response.body", "body": body}

    async def send(self, scope: Scope, send: Send) -> None:
        """Send it; the server leaves the body out where HEAD asks."""
        await send(self._start)
        await send(self._end)


class Stream:
    """A response that writes its body piece by piece."""

    ending = "completed"
    status = 200

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = _encoded(headers)

    async def send(self, scope: Scope, send: Send) -> None:
        """Send the head, then each piece when it is there."""

        async def write(piece: bytes, more: bool) -> None:
            await send({"type": "http.response.body", "body": piece, "more_body": more})

        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": self.headers,
            }
        )
        if scope["method"] == "HEAD":
            await write(b"", False)
        else:
            await self.write_body(write)

    async def write_body(self, write: Write) -> None:
        """Write all pieces, the last without `more`; or raise Dropped."""
        raise NotImplementedError


class CutOff(Stream):
    """Only the first bytes of a response's body, whose length promises all of them."""

    def __init__(self, response: Response, cut: int) -> None:
        self.status = response.status
        self.headers = response.headers
        self._piece = response.body[:cut]

    async def write_body(self, write: Write) -> None:
        """Write them."""
        await write(self._piece, True)
        raise Dropped


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode(), value.encode("latin-1"))
        for name, value in headers.items()
    ]


def json_response(
    content: object,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """`content` as JSON. ASCII only, so that no string at all can fail to encode."""
    body = _JSON.encode(content).encode()
    return Response(body, status, headers, media_type=media_type)

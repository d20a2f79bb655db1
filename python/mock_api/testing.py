"""What the tests of the mock API share."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from uvicorn.server import ServerState

from mock_api.app import app
from mock_api.client import LogEntry, MockApi
from mock_api.server import Connection, config, listen

# How long something waits that is not to come, in seconds.
SHORT = 0.05


@asynccontextmanager
async def connected(
    api: MockApi, sent: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection of our own, on which `sent` has been sent."""
    url = httpx.URL(api.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(sent)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):  # the other side was quicker
            await writer.wait_closed()


def head(api: MockApi, path: str, *headers: str, method: str = "GET") -> bytes:
    """The head of a request of `path` in a scenario."""
    prefix = httpx.URL(api.url).path.rstrip("/")
    lines = [f"{method} {prefix}{path} HTTP/1.1", "Host: x", *headers, "", ""]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def raw(
    api: MockApi, path: str, *, method: str = "GET"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection of our own on which `path` has been asked for."""
    async with connected(api, head(api, path, method=method)) as streams:
        yield streams


async def everything(reader: asyncio.StreamReader) -> list[tuple[int, bytes]]:
    """Status and body of each response on a connection, until the server closes it."""
    with suppress(ConnectionResetError):
        return parse(await reader.read())
    raise AssertionError("reset in place of an answer")


def parse(stream: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each of the responses, which all name their length."""
    responses = []
    while stream:
        top, _, stream = stream.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", top)
        size = int(length[1]) if length else 0
        responses.append((int(top.split()[1]), stream[:size]))
        stream = stream[size:]
    return responses


def said(response: tuple[int, bytes]) -> str:
    """What a problem document says; it must be complete."""
    status, body = response
    document = json.loads(body)
    assert document.keys() == {"type", "title", "status", "detail"}
    assert (document["type"], document["status"]) == ("about:blank", status)
    return str(document["detail"])


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The URL of a mock API in this process: a test can change its limits."""
    made = config(app)
    made.load()
    state = ServerState()
    state.default_headers = made.encoded_headers
    with listen(0) as listening:
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(made, state, {}), sock=listening
        )
        try:
            yield "http://{}:{}".format(*listening.getsockname())
        finally:
            server.close()
            for connection in list(state.connections):
                connection.transport.abort()
            await server.wait_closed()
            if state.tasks:
                await asyncio.wait(state.tasks)


async def arrived(api: MockApi, number: int) -> None:
    """Wait for so many requests, however long it takes: `saw` has the api's limit."""
    while len(await api.log(settled=False)) < number:
        pass


async def only_entry(api: MockApi) -> LogEntry:
    """The one request in the log, once it has ended."""
    [entry] = await api.log()
    return entry

"""What the tests of the mock API share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

from mock_api.client import LogEntry, MockApi

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


async def only_entry(api: MockApi) -> LogEntry:
    """The one request in the log, once it has ended."""
    [entry] = await api.log()
    return entry

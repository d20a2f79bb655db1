"""10,000 malformed requests: the API lives, says what is wrong, and forgets them.

`nox -s fuzz` runs it.
"""

import asyncio
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from mock_api.testing import parse, said

AT_ONCE = 50
MEGABYTES = 20  # that the memory may have grown


@dataclass
class Server:
    """A running mock API."""

    url: httpx.URL
    pid: int
    megabytes: float = 0  # that it takes before all this
    statuses: Counter[int] = field(default_factory=Counter)  # of its answers


GOOD = [
    b"GET /data?delay=0 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
    b"GET /s/1/posts?limit=3&cursor=after-7 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PUT /posts/1?delay=0 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b'Content-Length: 26\r\n\r\n{"title": "a", "body": "b"}',
    b"POST /posts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5\r\n{"a":\r\n2;x=y\r\n1}\r\n0\r\nTrailer: z\r\n\r\n',
    b"GET /data?delay=0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"OPTIONS /posts HTTP/1.1\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    b"GET /data HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
]
BITS = [b"\r\n", b"\n", b"\0", b" ", b":", b"/", b"%", b"{}", b"\xff", b"*", b";", b"?"]
BITS += [b"HTTP/2.0", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n"]
BITS += [b"9" * 40, b"a" * 9_000, b"A: b\r\n" * 15_000, b"\r\n\r\n", b"CONNECT x:1 "]


def malformed(chance: random.Random) -> bytes:
    """A request that is broken in one to four places."""
    request = chance.choice(GOOD)
    for _ in range(chance.randint(1, 4)):
        at, end = sorted(chance.choices(range(len(request) + 1), k=2))
        match chance.randrange(4):
            case 0:  # a part is missing
                request = request[:at] + request[end:]
            case 1:  # something else is there
                request = request[:at] + chance.choice(BITS) + request[at:]
            case 2:  # a part is there twice
                request = request[:end] + request[at:]
            case 3:  # some bytes are others
                noise = chance.randbytes(min(end - at, 5))
                request = request[:at] + noise + request[at + len(noise) :]
    return request


async def answer(url: httpx.URL, request: bytes) -> bytes:
    """All that comes back until the server closes, or has nothing more to say."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(request)
    writer.write_eof()
    try:
        return await reader.read()
    except ConnectionResetError as reset:
        raise AssertionError(f"reset in place of an answer to {request!r}") from reset
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def megabytes(pid: int) -> float:
    """The memory of a process."""
    try:
        [kilobytes] = re.findall(
            r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()
        )
    except OSError:  # not on Linux
        ps = ["ps", "-o", "rss=", "-p", str(pid)]
        kilobytes = subprocess.run(
            ps, capture_output=True, check=True, text=True
        ).stdout
    return int(kilobytes) / 1024


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that nobody else uses, without the checks of development mode."""
    quick = {"PYTHONDEVMODE": "", "PYTHONASYNCIODEBUG": ""}
    with subprocess.Popen(
        [sys.executable, "-m", "mock_api", "--port", "0", "--lifeline"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | quick,
    ) as process:
        assert process.stdin
        assert process.stdout
        address = process.stdout.readline().partition(": ")[2].strip()
        made = Server(httpx.URL(address), process.pid)
        # What is loaded only once, when it is first needed, does not count.
        asyncio.run(ask(made, random.Random(0), 1_000), debug=False)
        made.megabytes = megabytes(process.pid)
        yield made
        process.stdin.close()


async def ask(server: Server, chance: random.Random, requests: int) -> None:
    """Send so many, some at once, and look at every answer."""

    async def some() -> None:
        for _ in range(requests // AT_ONCE):
            stream = await answer(server.url, malformed(chance))
            for status, body in parse(stream):
                server.statuses[status] += 1
                if status >= 400 and body:
                    said((status, body))

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


@pytest.mark.parametrize("thousand", range(1, 11))
def test_10_000_malformed_requests(server, thousand):
    asyncio.run(ask(server, random.Random(thousand), 1_000), debug=False)
    # What the log keeps is not for ever: it forgets all but its last 10,000.
    httpx.delete(f"{server.url}/scenarios/default/").raise_for_status()
    grown = megabytes(server.pid) - server.megabytes
    print(f"{thousand},000: {grown:+.1f} MB, {dict(server.statuses)}")
    assert server.statuses.total() >= 1_000 * thousand
    assert grown < MEGABYTES
    assert httpx.get(f"{server.url}/data?delay=0").status_code == 200

"""Measure the tools and the mock API: `python -m tools.bench`.

Everything is a ratio or an excess of one run, so that it can be judged on any
machine. The exit code is 1 where a limit is exceeded. It takes less than a
minute and stays on 127.0.0.1.

The load comes from `_Client`, not from a load tool: those keep latencies in a
histogram of whole milliseconds, and the questions here are whether any answer
was early, and what 5,000 requests see that are sent at the same moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from mock_api.client import scenario
from mock_api.process import server
from tools.catalogue import Pair, find_pairs
from tools.database.process import database
from tools.programs import command, environment
from tools.runs import AT_ONCE
from tools.source import LANGUAGES, imports

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

FRAMEWORK = ("starlette", "uvicorn", "httptools")
DOCS_SECONDS = 20  # at most, but at least one round
DELAY = 0.05  # seconds
HELD = 5_000  # requests at once
LIMIT = 30  # seconds until a load is called stuck


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the table."""

    what: str
    value: str
    detail: str
    limit: str = "-"
    kept: bool = True


def main() -> int:
    """Measure, print the table; 1 where a limit is exceeded."""
    os.environ.pop("API_URL", None)  # servers of our own, that nobody else uses
    _allow_many_connections()
    console = Console()
    results: list[Result] = []
    with console.status("Measuring") as status:
        for measure in (doc_checks, api_start, delays, throughput, held):
            status.update(f"Measuring: {measure.__doc__}")
            results += measure()
    table = Table("What", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("Value", justify="right")
    table.add_column("From")
    table.add_column("Limit")
    for r in results:
        style = "" if r.kept else "bold red"
        table.add_row(r.what, r.value, r.detail, r.limit, style=style)
    console.print(table)
    exceeded = [result.what for result in results if not result.kept]
    for what in exceeded:
        print(f"Over its limit: {what}")
    return 1 if exceeded else 0


def doc_checks() -> list[Result]:
    """the doc checks against only running the programs"""
    pairs = [
        pair
        for pair in find_pairs()
        if all(file.is_file() for file in pair.files) and not pair.in_browser
    ]
    check = [sys.executable, "-m", "tools", "check", *(p.name for p in pairs)]
    checks: list[float] = []
    bares: list[float] = []
    end = perf_counter() + DOCS_SECONDS
    with server() as url, database() as database_url:
        os.environ["DATABASE_URL"] = database_url
        while not bares or (len(bares) < 5 and perf_counter() < end):
            began = perf_counter()
            _run_bare(pairs, url)
            between = perf_counter()
            code = subprocess.run(
                check, stdout=subprocess.DEVNULL, check=False
            ).returncode
            bares.append(between - began)
            checks.append(perf_counter() - between)
            if code > 1:  # 1: a page is not true, which takes as long to find out
                raise RuntimeError(f"{' '.join(check[:4])} ended with {code}")
    return [_ratio(f"docs check / bare, {len(pairs)} pairs", checks, bares, 1.3)]


def _run_bare(pairs: list[Pair], url: str) -> None:
    """Run all programs, as many at once as the doc checks do."""

    def run(pair: Pair, language: str) -> None:
        subprocess.run(
            command(pair, language),
            cwd=folder,
            env=environment(url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )

    with TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        for pair in pairs:
            for language in LANGUAGES:
                pool.submit(run, pair, language)


def api_start() -> list[Result]:
    """the start of the API against importing its framework"""
    start = [sys.executable, "-m", "mock_api", "--port", "0", "--lifeline"]
    names = {
        name
        for file in (Path(__file__).parent / "mock_api").glob("*.py")
        for name in imports(file.read_text(encoding="utf-8"), "python")
        if name.split(".")[0] in FRAMEWORK and not file.name.startswith("test_")
    }
    code = f"import {', '.join(sorted(names))}\nprint(flush=True)"
    starts, importing = [], []
    for _ in range(15):
        began = perf_counter()
        with _started(start) as first_line:
            _get(first_line.removeprefix("Mock API: "), "/data?delay=0")
            starts.append(perf_counter() - began)
        began = perf_counter()
        with _started([sys.executable, "-c", code]):
            importing.append(perf_counter() - began)
    return [_ratio("API start / its imports", starts, importing, 1.5)]


def delays() -> list[Result]:
    """delays"""
    path = f"/data?delay={DELAY}"
    results = []
    with server() as url:
        asyncio.run(_load(url, path, 1, 3))  # warm
        for clients, times in ((1, 40), (1000, 3)):
            latencies, _ = asyncio.run(_load(url, path, clients, times))
            over = [1000 * (latency - DELAY) for latency in latencies]
            results.append(
                Result(
                    f"{1000 * DELAY:g} ms delay, {clients:,} at once",
                    f"{median(over):+.1f} ms",
                    f"99 %: {quantiles(over, n=100)[-1]:+.1f}, least: {min(over):+.1f}",
                    "not early",
                    min(over) >= 0,
                )
            )
    return results


def throughput() -> list[Result]:
    """the throughput of the API against a bare ASGI application"""
    path = "/data?delay=0"
    rates: dict[str, list[float]] = {"api": [], "bare": []}
    with server() as api, _bare_server(_get(api, path)) as bare:
        for _ in range(4):
            for name, url in (("api", api), ("bare", bare)):
                latencies, seconds = asyncio.run(_load(url, path, 64, 80))
                rates[name].append(len(latencies) / seconds)
    ours, theirs = (max(some) for some in rates.values())
    detail = f"{ours:,.0f} / {theirs:,.0f} per s"
    return [Result("API / bare ASGI throughput", f"{ours / theirs:.2f}", detail)]


def held() -> list[Result]:
    """many requests held at once"""
    delay = 1
    with server() as url:
        at_once, seconds = asyncio.run(_hold(url, delay))
    return [
        Result(
            f"{HELD:,} waits of {delay} s",
            f"{at_once:,}",
            f"at once; last +{seconds - delay:.2f} s",
            f"{HELD:,}",
            at_once == HELD,
        )
    ]


async def _hold(server_url: str, delay: float) -> tuple[int, float]:
    async with scenario(server_url) as api:
        _, seconds = await _load(api.url, f"/data?delay={delay}", HELD, 1)
        return max(entry.in_flight for entry in await api.log()), seconds


# Load


async def _load(
    url: str, path: str, clients: int, times: int
) -> tuple[list[float], float]:
    """Ask `times` times on each of so many kept connections.

    All begin at the same moment. The latencies and the whole time, in seconds.
    """
    parts = urlsplit(url)
    head = f"GET {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
    loop = asyncio.get_running_loop()
    made: list[_Client] = []
    async with asyncio.timeout(LIMIT):
        for _ in range(clients):
            _, client = await loop.create_connection(
                lambda: _Client(head.encode()), "127.0.0.1", parts.port or 80
            )
            made.append(client)
        gc.disable()
        try:
            began = perf_counter()
            for client in made:
                client.start(times)
            await asyncio.gather(*(client.done for client in made))
            seconds = perf_counter() - began
        finally:
            gc.enable()
            for client in made:
                client.transport.abort()
    return [latency for client in made for latency in client.latencies], seconds


class _Client(asyncio.Protocol):
    """A connection that asks the same thing again and again."""

    transport: asyncio.Transport

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def start(self, times: int) -> None:
        self.times = times
        self.ask()

    def ask(self) -> None:
        self.answer = b""
        self.asked = perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, _, body = self.answer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if not length or len(body) < int(length[1]):
            return
        self.latencies.append(perf_counter() - self.asked)
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(f"not a 200: {head!r}"))
        elif len(self.latencies) == self.times:
            self.done.set_result(None)
        else:
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed by the server"))


# Servers


@contextmanager
def _started(command: list[str]) -> Iterator[str]:
    """The first line that a command prints; it ends when its stdin closes."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            if not (line := process.stdout.readline()):
                raise RuntimeError(f"{' '.join(command)} printed nothing")
            yield line.strip()
        finally:
            process.stdin.close()


@contextmanager
def _bare_server(body: bytes) -> Iterator[str]:
    """The URL of an application that answers everything with `body`."""
    code = f"from tools.bench import serve_bare; serve_bare({body!r})"
    with _started([sys.executable, "-c", code]) as first_line:
        yield first_line.removeprefix("Mock API: ")


def serve_bare(body: bytes) -> None:
    """Serve the least that an ASGI application can be, as the mock API is served."""
    from mock_api.server import listen, serve

    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    stop = threading.Thread(target=lambda: os._exit(len(sys.stdin.read())), daemon=True)
    stop.start()
    serve(app, listen(0), ignore_interrupt=True)


def _get(url: str, path: str) -> bytes:
    """The body of a 200."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=LIMIT)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{url}{path}: expected 200, got {answer.status}")
        return answer.read()


# The rest


def _ratio(what: str, ours: list[float], bare: list[float], limit: float) -> Result:
    """The ratio of the quickest of each: noise only ever adds."""
    ratio = min(ours) / min(bare)
    detail = f"{1000 * min(ours):,.0f} / {1000 * min(bare):,.0f} ms"
    return Result(what, f"{ratio:.2f}", detail, f"at most {limit}", ratio <= limit)


def _allow_many_connections() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows, which has no such limit

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, RuntimeError) as problem:
        sys.exit(f"The benchmark could not be finished: {problem!r}")

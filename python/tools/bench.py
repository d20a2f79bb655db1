"""Measure the mock API and the doc checks beside the least that could be.

`python -m tools.bench` prints ratios. Both sides of each are measured in turns.
What only waits for the processor is measured in its time, and the quickest of
each side counts: whatever else the machine does only adds. What is measured by
the clock is compared turn by turn, since both met the same. The exit code is 1
where a limit is exceeded. It stays on 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf
from operator import truediv
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple, Self, TypeVar
from urllib.request import Request, urlopen

from mock_api.lifeline import guard
from mock_api.process import server
from tools.bench_server import DELAY
from tools.catalogue import ROOT, find_pairs
from tools.database.process import database
from tools.programs import command, environment, node
from tools.runs import AT_ONCE
from tools.source import LANGUAGES

T = TypeVar("T")

BARE = [sys.executable, "-m", "tools.bench_server"]
# The mock API as it is, but that it tells how much CPU time it has used.
_CODE = "import mock_api.__main__ as api, tools.bench_server as s; s.tell(); api.main()"
API = [sys.executable, "-c", _CODE, "--port", "0"]
LOAD = [node(), str(ROOT / "javascript" / "tools" / "load.js")]
LIMIT = 100  # seconds that anything may take


class Row(NamedTuple):
    """A measured value with its limits."""

    what: str
    value: float
    detail: str
    least: float = 0
    most: float = inf


def main() -> int:
    """Measure, print a table; 1 where a limit is exceeded."""
    os.environ.pop("API_URL", None)  # servers of our own, that nobody else uses
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # no start but the first compiles
    os.environ["NO_PROXY"] = "127.0.0.1"
    code = 0
    for measure in (start, under_load, doc_checks):
        for what, value, detail, least, most in measure():
            limit = f"at most {most}" if most < inf else f"at least {least}"
            if not least <= value <= most:
                code, limit = 1, f"{limit}: EXCEEDED"
            print(f"{what:30}{value:5.2f}  {detail:32}{limit}", flush=True)
    return code


def start() -> Iterator[Row]:
    """How long the mock API takes to start. It waits for nothing but the processor."""

    def seconds(command: list[str], path: str) -> float:
        with Child(command) as child:
            ask(child.url() + path)
            return float(child.ask())

    both = in_turns(
        15, partial(seconds, API, "/data?delay=0"), partial(seconds, BARE, "/")
    )
    yield ratio("start, to the first answer", map(min, both), "CPU seconds", most=1.25)


def under_load() -> Iterator[Row]:
    """What many requests see, with log and scenarios on."""

    def took(url: str, clients: int, times: int) -> list[float]:
        asked = {"url": url, "clients": clients, "times": times}
        return list(load.ask(json.dumps(asked)))

    def rate(server: Child, url: str) -> float:
        """Requests in a second of the server's CPU time."""
        before = server.ask()
        answered = len(took(url, 64, 200)) + 64  # and those that open connections
        return float(answered / (server.ask() - before))

    def late(url: str, clients: int, times: int) -> list[float]:
        """How many ms after its delay each answer came."""
        return [ms - 1000 * DELAY for ms in took(url, clients, times)]

    with Child(API) as api, Child(BARE) as bare, Child(LOAD) as load:
        ours = ask(f"{api.url()}/scenarios", "{}")["url"] + "/data?delay="
        theirs = f"{bare.url()}/"
        rates = in_turns(6, partial(rate, api, f"{ours}0"), partial(rate, bare, theirs))
        yield ratio("throughput", map(max, rates), "per CPU second", least=0.75)
        for clients, times, most in ((1, 4, inf), (1000, 4, 1.2)):
            both = in_turns(
                15,
                partial(late, f"{ours}{DELAY}", clients, times),
                partial(late, f"{theirs}delayed", clients, times),
            )
            what = f"50 ms delay, {clients:,} at once"
            medians = [list(map(median, turns)) for turns in both]
            yield by_turns(what, medians, "ms late", most=most)
            first = min(map(min, both[0]))
            yield Row("  the least late", first, "ms late: never early")


def doc_checks() -> Iterator[Row]:
    """How long the doc checks take, which run all programs and look at all else."""
    pairs = [pair for pair in find_pairs() if not pair.in_browser]
    check = [sys.executable, "-m", "tools", "check", *(pair.name for pair in pairs)]
    programs = [command(pair, language) for pair in pairs for language in LANGUAGES]
    # With a session of its own, since Linux shares the processor among sessions.
    options: dict[str, Any] = {"start_new_session": True, "timeout": LIMIT}
    options |= {"stdin": subprocess.DEVNULL, "capture_output": True}

    def run(command: list[str], **where: Any) -> None:
        done = subprocess.run(command, check=False, **options, **where)
        # 1: a page is not true, or a program fails. To find out takes as long.
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{command} ended with {done.returncode}")

    def seconds(commands: list[list[str]], **where: Any) -> float:
        began = perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(partial(run, **where), commands))
        return perf_counter() - began

    with (
        server() as url,
        database() as os.environ["DATABASE_URL"],
        TemporaryDirectory() as folder,
    ):
        bare = partial(seconds, programs, cwd=folder, env=environment(url))
        both = in_turns(3, partial(seconds, [check]), bare)
    yield by_turns(f"doc checks of {len(pairs)} pairs", both, "s", most=1.3)


class Child:
    """A process that answers lines with lines, and ends when its input closes."""

    def __init__(self, command: list[str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def url(self) -> str:
        """What the first line says after a colon."""
        return self._line().partition(": ")[2].strip()

    def ask(self, question: str = "") -> Any:
        """The JSON of the line that answers a line."""
        assert self._process.stdin
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        if line := self._process.stdout.readline():
            return line
        raise RuntimeError(f"{self._process.args!r} has ended")


def ask(url: str, body: str | None = None) -> Any:
    """The JSON that answers a GET, or a POST with `body`. OSError: it is an error."""
    data = body.encode() if body else None
    request = Request(url, data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=LIMIT) as answer:
        return json.load(answer)


def in_turns(
    rounds: int, ours: Callable[[], T], bare: Callable[[], T]
) -> tuple[list[T], list[T]]:
    """What both measure, in turns."""
    both = [(ours(), bare()) for _ in range(rounds)]
    return [one for one, _ in both], [one for _, one in both]


def ratio(what: str, both: Iterable[float], unit: str, **limits: float) -> Row:
    """Ours / bare."""
    ours, bare = both
    return Row(what, ours / bare, f"{ours:,.5g} / {bare:,.5g} {unit}", **limits)


def by_turns(what: str, both: Sequence[list[float]], unit: str, **limits: float) -> Row:
    """Ours / bare, in half of the turns less and in half of them more."""
    row = ratio(what, map(median, both), unit, **limits)
    return row._replace(value=median(map(truediv, *both)))


if __name__ == "__main__":
    guard()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as problem:
        sys.exit(f"bench cannot be finished: {problem}")

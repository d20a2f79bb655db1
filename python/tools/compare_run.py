"""Run the programs of a pair at the same time and note what happens when."""

from __future__ import annotations

import asyncio
import codecs
import json
import re
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx

from mock_api.client import LogEntry
from tools.catalogue import Pair
from tools.finding import diff
from tools.heading.output import shown
from tools.page import parse
from tools.programs import command, environment, kill

DIFF_LINES = 30
# Control characters, and those that change the direction of writing.
HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class Run:
    """One program of a pair as it runs. Moments are seconds on our clock."""

    pair: Pair
    language: str
    expected: str | None = None  # what the page says that it prints
    no_page: str = ""  # why the page does not say it
    lines: list[tuple[float, str]] = field(default_factory=list)
    requests: dict[int, LogEntry] = field(default_factory=dict)
    scenario_began: float = float("inf")
    errors: str = ""  # what it wrote to stderr
    exit_code: int | None = None

    def ms(self, moment: float) -> int:
        """Milliseconds since the program's first line or request.

        Not since its process began: the two interpreters take different times
        to start, which would look like a difference between the programs.
        """
        firsts = [moment for moment, _ in self.lines[:1]]
        # A copy: the view is drawn in a thread of its own.
        firsts += [self.began(entry) for entry in list(self.requests.values())]
        return max(0, round(1000 * (moment - min(firsts, default=moment))))

    def began(self, entry: LogEntry) -> float:
        """The moment at which a request arrived at the API."""
        return self.scenario_began + entry.started

    def ended(self, entry: LogEntry) -> float | None:
        """The moment at which a request ended; None while it is in flight."""
        return None if entry.ended is None else self.scenario_began + entry.ended

    def note(self, entry: LogEntry) -> bool:
        """Take in what the API tells of a request; true when that is its end."""
        # The API counts from the start of the scenario. The message that came
        # quickest tells best when that was on our clock.
        happened = entry.started if entry.ended is None else entry.ended
        self.scenario_began = min(self.scenario_began, time.monotonic() - happened)
        before = self.requests.get(entry.request)
        if before and before.ended is not None:
            return False
        self.requests[entry.request] = entry
        return entry.ended is not None


Tell = Callable[[Run, str | LogEntry], None]


async def run_all(
    runs: list[Run], api_url: str, database_url: str | None, tell: Tell
) -> None:
    """Run the programs at the same time, each against a scenario of its own.

    `tell` is called for each printed line and for each request that has ended.
    """
    async with httpx.AsyncClient(
        base_url=api_url, timeout=None, trust_env=False, verify=False
    ) as api:
        scenarios = [await api.post("/scenarios", json={}) for _ in runs]
        async with asyncio.TaskGroup() as tasks:
            for run, made in zip(runs, scenarios, strict=True):
                made.raise_for_status()
                tasks.create_task(_follow(run, api, made.json(), database_url, tell))


async def _follow(
    run: Run,
    api: httpx.AsyncClient,
    scenario: dict[str, str],
    database_url: str | None,
    tell: Tell,
) -> None:
    control = scenario["control"]
    # A folder of its own, as when the page was checked.
    with TemporaryDirectory() as folder:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(_watch(run, api, control, tell))
            process = await asyncio.create_subprocess_exec(
                *command(run.pair, run.language),
                cwd=folder,
                env=environment(scenario["url"], database_url) | {"TMPDIR": folder},
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
            )
            assert process.stdout
            assert process.stderr
            try:
                errors = tasks.create_task(process.stderr.read())
                await _read(run, process.stdout, tell)
                run.errors = (await errors).decode(errors="replace")
                run.exit_code = await process.wait()
            finally:
                if process.returncode is None:
                    kill(process)
                    await process.wait()
            # The log waits until nothing is in flight: the last word on each request.
            log = await api.get(control + "log")
            for fields in log.json() if log.is_success else ():
                _note(run, fields, tell)
            watching.cancel()
    await api.delete(control)


async def _read(run: Run, output: asyncio.StreamReader, tell: Tell) -> None:
    # Not readline(): it gives up on a line that is longer than its limit.
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    rest, more = "", True
    while more:
        chunk = await output.read(2**16)
        more = bool(chunk)
        *lines, rest = (rest + decode(chunk, final=not more)).split("\n")
        if rest and not more:
            lines.append(rest)
        for line in lines:
            run.lines.append((time.monotonic(), line.removesuffix("\r")))
            tell(run, line)


async def _watch(run: Run, api: httpx.AsyncClient, control: str, tell: Tell) -> None:
    async with api.stream("GET", control + "events") as events:
        async for line in events.aiter_lines():
            fields = json.loads(line)
            del fields["event"]
            _note(run, fields, tell)


def _note(run: Run, fields: dict[str, Any], tell: Tell) -> None:
    entry = LogEntry(**fields)
    if run.note(entry):
        tell(run, entry)


class Verdict(NamedTuple):
    """Whether all was well, why in one line, and the lines that explain it."""

    passed: bool
    summary: str
    details: list[str]


def verdict(run: Run) -> Verdict:
    """Whether the program printed what the page says, and what differs."""
    errors = [harmless(line) for line in run.errors.splitlines()]
    if run.exit_code:
        return Verdict(False, f"failed with exit code {run.exit_code}", errors)
    if run.expected is None:
        return Verdict(False, run.no_page, errors)
    printed = "".join(f"{line}\n" for _, line in run.lines)
    if printed == run.expected:
        return Verdict(True, "printed what the page says", errors)
    names = (
        relative(run.pair, run.pair.page),
        relative(run.pair, run.pair.program(run.language)),
    )
    differs = [
        harmless(line) for line in diff(run.expected, printed, *names).split("\n")
    ]
    if more := len(differs) - DIFF_LINES:
        differs[DIFF_LINES:] = [f"… {more} more lines"] if more > 0 else []
    return Verdict(False, "printed something else than the page says", differs + errors)


def read_expected(run: Run) -> None:
    """Note what the page says that the program prints, or why it does not."""
    page = relative(run.pair, run.pair.page)
    try:
        said = shown(parse(run.pair.page.read_text(encoding="utf-8")))
    except FileNotFoundError:
        run.no_page = f"no page: {page} is missing"
    except (OSError, UnicodeError) as problem:
        run.no_page = f"no page: {page} cannot be read: {problem}"
    else:
        run.expected = said.get(run.language)
        run.no_page = f"no page: {page} has no text fence under ## Output"


def request_line(entry: LogEntry) -> str:
    """Method, path and query, such as `GET /posts?cursor=2`."""
    query = entry.query and "?" + entry.query.removeprefix("?")
    return harmless(f"{entry.method} {entry.path}{query}")


def outcome(entry: LogEntry) -> str:
    """How a request ended, in a word or two: its status, or who gave up."""
    if entry.ending == "completed":
        return str(entry.status)
    return entry.ending or "in flight"


def harmless(text: str) -> str:
    """The text with what could steer a terminal made visible, such as `\\x1b`."""
    return HARMFUL.sub(
        lambda found: found[0].encode("unicode_escape").decode(), text.expandtabs()
    )


def relative(pair: Pair, path: Path) -> str:
    """The path from the root of the repository."""
    return path.relative_to(pair.root).as_posix()

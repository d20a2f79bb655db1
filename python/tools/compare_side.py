"""One side of a comparison: what a program has done so far, and how it ended."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from mock_api.client import LogEntry
from tools.catalogue import Pair
from tools.finding import diff
from tools.heading.output import agrees, shown
from tools.page import Page, parse
from tools.programs import failure
from tools.runs import News, Run

MOST = 500  # lines of one program that are kept to be shown
DIFF_LINES = 30
NAMED = 4  # requests in flight that are named
# Control characters, and those that change the direction of writing.
HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class Side:
    """One program. Moments are seconds on our clock."""

    pair: Pair
    language: str
    expected: str | None = None  # what the page says that it prints
    page: Page = field(default_factory=lambda: parse(""))
    no_page: str = ""  # why the page does not say it
    asks: bool = True  # whether it can send requests to the mock API
    zero: float | None = None  # the moment from which its times count
    lines: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=MOST))
    printed: int = 0  # lines, those included that are no longer kept
    requests: dict[int, LogEntry] = field(default_factory=dict)
    scenario_began: float = float("inf")
    seconds: float | None = None  # for which it has been running, as last told
    run: Run | None = None  # all that it did, once it has ended

    def note(self, news: News, now: float | None = None) -> None:
        """Take in what the runner tells."""
        now = time.monotonic() if now is None else now
        if isinstance(news, str):
            self.lines.append((now, harmless(news.removesuffix("\n"))))
            self.printed += 1
            if not self.asks and self.zero is None:
                self.zero = now
        elif isinstance(news, LogEntry):
            # The API counts from the start of the scenario. The message that came
            # quickest tells best when that was on our clock.
            happened = news.started if news.ended is None else news.ended
            self.scenario_began = min(self.scenario_began, now - happened)
            self.requests[news.request] = news
            first = next(iter(self.requests.values()))
            self.zero = self.scenario_began + first.started
        elif isinstance(news, Run):
            self.run = news
            self.requests = {entry.request: entry for entry in news.log}
        else:
            self.seconds = news

    def ms(self, moment: float) -> int | None:
        """Milliseconds since the first request; None for what came before it.

        A program counts from there, and not from its start or first line: the
        interpreters and their HTTP clients take different times to load, which
        would look like a difference between the programs. One that sends no
        requests counts from its first line.
        """
        if self.zero is None or moment < self.zero:
            return None
        return round(1000 * (moment - self.zero))

    def span(self, entry: LogEntry, now: float) -> tuple[int, int]:
        """When a request began and when it ended (or `now`), in milliseconds."""
        ended = now if entry.ended is None else self.scenario_began + entry.ended
        return self.ms(self.scenario_began + entry.started) or 0, self.ms(ended) or 0

    @property
    def slow(self) -> str:
        """Says so if the program takes long."""
        if self.run or not self.seconds:
            return ""
        return f"still running after {self.seconds:g} s{self._in_flight()}"

    def wrong(self, limit: float) -> str:
        """What went wrong, or nothing; `limit` is the seconds that it had."""
        if self.run is None:
            how = "had not begun" if self.seconds is None else "was still running"
            return how + self._in_flight()
        if self.run.exit_code is None:
            return f"did not end within {limit:g} s{self._in_flight()}"
        if self.run.exit_code:
            return failure(self.run.exit_code)
        if self.expected is None:
            return self.no_page
        if not agrees(self.page, self.expected, self.run.stdout):
            return "printed something else than the page says"
        return ""

    def details(self) -> list[str]:
        """How its output differs from the page, and what it wrote to stderr."""
        if self.run is None:
            return []
        differs = []
        if self.run.exit_code == 0 and self.expected is not None and self.wrong(0):
            names = self.pair.page, self.pair.program(self.language)
            old, new = (relative(self.pair, path) for path in names)
            differs = diff(self.expected, self.run.stdout, old, new).splitlines()
        lines = [
            *_cut(differs, DIFF_LINES, "… {:,} more lines"),
            *self.run.stderr.splitlines(),
        ]
        return [harmless(line) for line in lines]

    def _in_flight(self) -> str:
        names = [e.label for e in self.requests.values() if e.ended is None]
        shown = ", ".join(_cut(names, NAMED, "{:,} more"))
        return f"; in flight: {harmless(shown)}" if names else ""


def begin(pair: Pair, language: str) -> Side:
    """A side of which nothing is known but what its page says."""
    side = Side(pair, language)
    side.asks = b"API_URL" in pair.program(language).read_bytes()
    name = relative(pair, pair.page)
    try:
        text = pair.page.read_text("utf-8", errors="replace")
    except OSError as problem:
        side.no_page = f"no page: {name}: {problem.strerror}"
    else:
        side.page = parse(text)
        side.expected = shown(side.page).get(language)
        side.no_page = f"no page: {name} has no text fence under ## Output"
    return side


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


def _cut(items: list[str], most: int, more: str) -> list[str]:
    """At most so many, and how many more there are."""
    rest = len(items) - most
    return [*items[:most], more.format(rest)] if rest > 0 else items

"""What the API has seen: one entry for each request, and who waits for them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from mock_api.limits import LOG_ENTRIES
from mock_api.patterns import Pattern
from mock_api.problem import Problem, short

# What happened before `end` is known.
_LATER = {"ending": None, "ended": None, "ended_event": None}


@dataclass(slots=True)
class LogEntry:
    """One request as the API saw it. Times are seconds since the scenario began."""

    request: int  # 1, 2, 3 … in order of arrival
    method: str
    path: str  # without the scenario's prefix
    query: str
    in_flight: int  # how many were in flight when it arrived, itself included
    status: int | None
    # "completed", "client hung up", "dropped" or "held too long"; None: in flight
    ending: str | None
    started: float
    ended: float | None
    started_event: int  # place in the scenario's order of events: 0, 1, 2 …
    ended_event: int | None

    @property
    def label(self) -> str:
        """Method, path and query, such as `GET /posts?limit=3`."""
        return f"{self.method} {self.path}{self.query and '?'}{self.query}"

    def at(self, event: int) -> dict[str, Any]:
        """Its fields as they were before this event and those after it."""
        fields = {
            "request": self.request,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "in_flight": self.in_flight,
            "status": self.status,
            "ending": self.ending,
            "started": self.started,
            "ended": self.ended,
            "started_event": self.started_event,
            "ended_event": self.ended_event,
        }
        if self.ended_event is None or self.ended_event >= event:
            fields |= _LATER
        return fields


@dataclass(eq=False)
class _Watch:
    """Someone who waits until so many more such requests have arrived, or ended."""

    pattern: Pattern
    missing: int
    seen: asyncio.Future[None]

    def notice(self, entry: LogEntry) -> None:
        if self.pattern.matches(entry.method, entry.path):
            self.missing -= 1
            if self.missing <= 0 and not self.seen.done():
                self.seen.set_result(None)


class Log:
    """The last LOG_ENTRIES requests of a scenario, and those still in flight.

    `limit` (seconds) is how long anyone waits at most for something to happen.
    """

    def __init__(self, limit: float = 10) -> None:
        self._limit = limit
        self._began = perf_counter()
        self._requests = 0
        self.events = 0  # how many there have been
        self._used = 0.0  # when, as `now` counts
        self.in_flight: dict[int, LogEntry] = {}
        self._entries: dict[int, LogEntry] = {}
        self._events: dict[int, LogEntry] = {}
        self._ended: deque[LogEntry] = deque()
        self._arrivals: set[_Watch] = set()  # who watches for them
        self._endings: set[_Watch] = set()
        self._settling: set[asyncio.Event] = set()
        # Set, by whoever streams the events, to be told of each new one.
        self.listeners: set[asyncio.Event] = set()
        self.closed = False

    @property
    def requests(self) -> int:
        """How many have arrived."""
        return self._requests

    def now(self) -> float:
        """Seconds since the scenario began."""
        return perf_counter() - self._began

    @property
    def idle(self) -> float:
        """Seconds since anybody used the scenario."""
        return self.now() - self._used

    def use(self) -> None:
        """Note that someone steers the scenario, or reads its log."""
        self._used = self.now()

    def start(self, method: str, path: str, query: str) -> LogEntry:
        """Log that a request has arrived."""
        self._requests = number = self._requests + 1
        in_flight = self.in_flight
        entry = LogEntry(
            number,
            method,
            path,
            query,
            len(in_flight) + 1,
            None,
            None,
            self.now(),
            None,
            self.events,
            None,
        )
        self._entries[number] = in_flight[number] = entry
        self._happened(entry, entry.started)
        for watch in self._arrivals:
            watch.notice(entry)
        return entry

    def end(self, entry: LogEntry, ending: str) -> None:
        """Log how a request ended; `LogEntry.ending` names the ways."""
        entry.ending = ending
        entry.ended = self.now()
        entry.ended_event = self.events
        del self.in_flight[entry.request]
        self._happened(entry, entry.ended)
        self._ended.append(entry)
        if len(self._entries) > LOG_ENTRIES:
            self._forget(self._ended.popleft())
        for watch in self._endings:
            watch.notice(entry)
        if not self.in_flight:
            for settled in self._settling:
                settled.set()

    def _happened(self, entry: LogEntry, now: float) -> None:
        self._used = now
        self._events[self.events] = entry
        self.events += 1
        for listener in self.listeners:
            listener.set()

    def _forget(self, oldest: LogEntry) -> None:
        del self._entries[oldest.request]
        del self._events[oldest.started_event]
        if oldest.ended_event is not None:
            del self._events[oldest.ended_event]

    def entries(self) -> list[LogEntry]:
        """The requests so far, in order of arrival."""
        return list(self._entries.values())

    def events_from(self, first: int, most: int) -> tuple[int, list[dict[str, Any]]]:
        """At most so many events from number `first` on, and the number after them.

        Each is an entry as it was then, with the event's name.
        """
        if self._events:
            first = max(first, next(iter(self._events)))  # older ones are forgotten
        after = min(first + most, self.events)
        happened = []
        for number in range(first, after):
            if (entry := self._events.get(number)) is None:
                continue
            if number == entry.started_event:
                fields = {"event": "started", **entry.at(number), "status": None}
            else:
                fields = {"event": "ended", **entry.at(number + 1)}
            happened.append(fields)
        return after, happened

    async def settled(self) -> None:
        """Wait until nothing is in flight, or raise Problem 504 naming what is."""
        settled = asyncio.Event()
        self._settling.add(settled)
        try:
            async with asyncio.timeout(self._limit):
                while self.in_flight and not self.closed:
                    settled.clear()
                    await settled.wait()
        except TimeoutError:
            raise Problem(
                504,
                f"Still in flight after {self._limit:g} seconds: "
                f"{_listed(self.in_flight.values())}.",
                title="Not settled",
            ) from None
        finally:
            self._settling.discard(settled)

    async def saw(self, pattern: Pattern, times: int) -> None:
        """Wait until `times` such requests have arrived, or raise Problem 504."""
        before = self._entries.values()
        if not await self._watch(self._arrivals, before, pattern, times):
            raise Problem(
                504,
                f"{short(pattern.text)} did not arrive {times} times within "
                f"{self._limit:g} seconds. "
                f"Seen instead: {_listed(self._entries.values())}.",
                title="Not seen",
            )

    async def ended(self, pattern: Pattern, times: int) -> None:
        """Wait until `times` such requests have ended, or raise Problem 504.

        They end when they are answered, given up by the client, or dropped.
        """
        before = list(self._ended)
        if not await self._watch(self._endings, before, pattern, times):
            raise Problem(
                504,
                f"{short(pattern.text)} did not end {times} times within "
                f"{self._limit:g} seconds. Ended: {_listed(self._ended)}. "
                f"In flight: {_listed(self.in_flight.values())}.",
                title="Not ended",
            )

    async def _watch(
        self,
        watches: set[_Watch],
        before: Iterable[LogEntry],
        pattern: Pattern,
        times: int,
    ) -> bool:
        """Wait for `times` such requests, those `before` included; False: in vain."""
        missing = times - sum(pattern.matches(e.method, e.path) for e in before)
        if missing <= 0:
            return True
        seen = asyncio.get_running_loop().create_future()
        watch = _Watch(pattern, missing, seen)
        watches.add(watch)
        try:
            async with asyncio.timeout(self._limit):
                await seen
        except TimeoutError:
            return False
        finally:
            watches.discard(watch)
        return True

    def close(self) -> None:
        """Let everyone who waits go: the scenario has been deleted."""
        self.closed = True
        for watch in self._arrivals | self._endings:
            if not watch.seen.done():
                watch.seen.set_result(None)
        for event in self._settling | self.listeners:
            event.set()


def _listed(entries: Iterable[LogEntry]) -> str:
    """Requests with their counts, the most frequent first, at most ten."""
    counts = Counter(f"{entry.method} {entry.path}" for entry in entries)
    listed = [
        f"{short(name)} (x{count})" if count > 1 else short(name)
        for name, count in counts.most_common(10)
    ]
    if len(counts) > 10:
        listed.append(f"and {len(counts) - 10} others")
    return ", ".join(listed) or "nothing"

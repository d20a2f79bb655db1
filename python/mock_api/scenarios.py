"""A scenario: a private copy of the service with its own rules and its own log."""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import translate
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeVar

from mock_api.data import BUSY, POSTS, Post, default_delay
from mock_api.messages import Call, Problem, short
from mock_api.schemas import DELAY, check_query

T = TypeVar("T")

_LOG_LIMIT = 10_000  # entries
_SCENARIO_LIMIT = 1_000


class Dropped(Exception):  # noqa: N818 - not an error, an order
    """The connection is to be closed without an answer."""


@dataclass(slots=True, eq=False)
class Entry:
    """One request in the log; `client.LogEntry` says what the fields mean."""

    request: int
    method: str
    path: str
    query: str
    in_flight: int
    started: float
    started_event: int
    status: int | None = None
    ending: str | None = None
    ended: float | None = None
    ended_event: int | None = None

    def event(self, number: int) -> dict[str, Any]:
        """The entry as it was when event `number` happened, with its name."""
        if number == self.started_event:
            later = {"status": None, "ending": None, "ended": None, "ended_event": None}
            return {"event": "started", **asdict(self), **later}
        return {"event": "ended", **asdict(self)}


@dataclass(slots=True)
class _Meeting:
    """A rendezvous: the requests that have arrived and wait for the others."""

    n: int
    waiting: list[asyncio.Future[int]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True, eq=False)
class _Watch:
    """Someone who waits until so many more such requests have arrived, or ended."""

    request: str
    missing: int
    seen: asyncio.Future[None]

    def notice(self, entry: Entry) -> None:
        """Count a request."""
        if _matches(self.request, entry.method, entry.path):
            self.missing -= 1
            if self.missing <= 0:
                _resolve(self.seen, None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An answer of the test's choice, cut after `cut` bytes of its body."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: int | None


@dataclass(slots=True)
class _Failing:
    statuses: deque[int]
    retry_after: int | None


class Scenario:
    """State, rules and log. `limit` (seconds) is how long anything waits at most.

    In every rule a path may hold `*`, and a method may stand in front of it. Where
    several match, the latest counts.
    Each event of a stream has a path of its own, too, the stream's and its number
    ("/feeds/news/3"), which `hold`, `drop` and `delay` know.
    """

    def __init__(
        self, scenario_id: str, *, delays: bool = True, limit: float = 10
    ) -> None:
        self.id = scenario_id
        self.prefix = "" if scenario_id == "default" else f"/s/{scenario_id}"
        self.delays = delays
        self.limit = limit
        self.deleted = False
        self.posts: dict[int, Post] = {post["id"]: post for post in reversed(POSTS)}
        self.busy: set[str] = {BUSY}  # sources that answer 503 once
        # Set, by whoever streams the events, to be told of each new one.
        self.listeners: set[asyncio.Event] = set()

        self._holds: dict[str, bool] = {}
        self._meetings: dict[str, _Meeting] = {}
        self._failing: dict[str, _Failing] = {}
        self._answers: dict[str, Chosen] = {}
        self._drops: dict[str, bool] = {}
        self._delays: dict[str, float] = {}

        self._began = perf_counter()
        self._requests = 0
        self._next_event = 0
        self._log: dict[int, Entry] = {}
        self._events: dict[int, Entry] = {}
        self._in_flight: dict[int, Entry] = {}
        self._ended: deque[Entry] = deque()
        self._held: dict[asyncio.Future[None], tuple[str, str]] = {}
        self._arrivals: set[_Watch] = set()  # who watches for them
        self._endings: set[_Watch] = set()
        self._settling: set[asyncio.Event] = set()

    # Rules

    def hold(self, path: str) -> None:
        """Keep the responses of `path` back until `release`."""
        _put(self._holds, path, True)

    def release(self, path: str) -> None:
        """Let the held responses of `path` go, those to come too."""
        _put(self._holds, path, False)
        for held, (method, its_path) in self._held.items():
            if not _latest(self._holds, method, its_path):
                _resolve(held, None)

    def rendezvous(self, path: str, n: int) -> None:
        """Answer `path` only once `n` such requests are in flight together."""
        _put(self._meetings, path, _Meeting(n))

    def fail(self, path: str, statuses: list[int], retry_after: int | None) -> None:
        """Answer the next requests of `path` with `statuses`, one each."""
        _put(self._failing, path, _Failing(deque(statuses), retry_after))

    def answer(self, path: str, chosen: Chosen) -> None:
        """Answer `path` with `chosen` from now on."""
        _put(self._answers, path, chosen)

    def drop(self, path: str) -> None:
        """Close the connection of each request of `path` without an answer."""
        _put(self._drops, path, True)

    def delay(self, path: str, seconds: float) -> None:
        """Let `path` take this many seconds instead of its default."""
        _put(self._delays, path, seconds)

    # What the rules do to a request

    async def obey(self, call: Call, entry: Entry) -> Chosen | None:
        """Wait as the rules say; raise Problem or Dropped where they say so.

        What comes back is the answer that they choose.
        """
        method, path = call.method, call.path
        if (seconds := self._delay_asked(call)) is None:
            seconds = self._delay_of(method, path)
        await self._wait(seconds, entry.started)
        if self._holds and _latest(self._holds, method, path) is True:
            await self._hold(method, path)
        if self._meetings and (meeting := _latest(self._meetings, method, path)):
            await self._meet(path, meeting)
        if self._drops and _latest(self._drops, method, path) is True:
            raise Dropped
        if self._failing:
            self._fail(method, path)
        return _latest(self._answers, method, path) if self._answers else None

    async def obey_event(self, call: Call, number: int) -> None:
        """The same for event `number`, from 1, of the stream that answers a call."""
        method, path = call.method, f"{call.path}/{number}"
        await self._wait(self._delay_of(method, path), self.now())
        if self._holds and _latest(self._holds, method, path) is True:
            try:
                await self._hold(method, path)
            except Problem:  # too late for a status
                raise Dropped from None
        if self._drops and _latest(self._drops, method, path) is True:
            raise Dropped

    async def _wait(self, seconds: float, since: float) -> None:
        # A timer may fire a little early; an answer must not.
        while seconds > 0 and (left := seconds - (self.now() - since)) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)

    def _delay_asked(self, call: Call) -> float | None:
        if not call.query:
            return None
        asked = check_query(DELAY, call.query, strict=False)
        return float(asked["delay"]) if "delay" in asked else None

    def _delay_of(self, method: str, path: str) -> float:
        if self._delays and (rule := _latest(self._delays, method, path)) is not None:
            return rule
        return default_delay(method, path) if self.delays else 0.0

    async def _hold(self, method: str, path: str) -> None:
        released = asyncio.get_running_loop().create_future()
        self._held[released] = method, path
        try:
            async with asyncio.timeout(self.limit):
                await released
        except TimeoutError:
            raise Problem(
                504,
                f"{short(path)} was held and not released within "
                f"{self.limit:g} seconds.",
                title="Held too long",
            ) from None
        finally:
            del self._held[released]

    async def _meet(self, path: str, meeting: _Meeting) -> None:
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[int] = loop.create_future()
        meeting.waiting.append(arrived)
        if len(meeting.waiting) == 1:  # the first to come starts the clock for all
            if meeting.timer:
                meeting.timer.cancel()
            meeting.timer = loop.call_later(self.limit, _part, meeting)
        if len(meeting.waiting) == meeting.n:
            _part(meeting)
        try:
            count = await arrived
        finally:
            if arrived in meeting.waiting:  # the client hung up
                meeting.waiting.remove(arrived)
        if count < meeting.n and not self.deleted:
            raise Problem(
                504,
                f"{count} of {meeting.n} requests of {short(path)} were in flight "
                f"together within {self.limit:g} seconds.",
                title="No rendezvous",
            )

    def _fail(self, method: str, path: str) -> None:
        if (failing := _latest(self._failing, method, path)) is None:
            return
        status = failing.statuses.popleft()
        if not failing.statuses:
            self._failing = {p: f for p, f in self._failing.items() if f is not failing}
        headers = None
        if failing.retry_after is not None:
            headers = {"Retry-After": str(failing.retry_after)}
        raise Problem(status, "The scenario asked for this failure.", headers=headers)

    # The log

    def now(self) -> float:
        """Seconds since the scenario began."""
        return perf_counter() - self._began

    def start(self, method: str, path: str, query: str) -> Entry:
        """Log that a request has arrived."""
        self._requests += 1
        entry = Entry(
            self._requests,
            method,
            path,
            query,
            len(self._in_flight) + 1,
            self.now(),
            self._next_event,
        )
        self._log[entry.request] = self._in_flight[entry.request] = entry
        self._happened(entry)
        for watch in self._arrivals:
            watch.notice(entry)
        return entry

    def end(self, entry: Entry, ending: str) -> None:
        """Log how a request ended: "completed", "client hung up" or "dropped"."""
        entry.ending = ending
        entry.ended = self.now()
        entry.ended_event = self._next_event
        del self._in_flight[entry.request]
        self._happened(entry)
        for watch in self._endings:
            watch.notice(entry)
        self._ended.append(entry)
        if len(self._log) > _LOG_LIMIT:
            oldest = self._ended.popleft()
            del self._log[oldest.request]
            del self._events[oldest.started_event]
            if oldest.ended_event is not None:
                del self._events[oldest.ended_event]
        if not self._in_flight:
            for settled in self._settling:
                settled.set()

    def _happened(self, entry: Entry) -> None:
        self._events[self._next_event] = entry
        self._next_event += 1
        for listener in self.listeners:
            listener.set()

    def log(self) -> list[dict[str, Any]]:
        """The requests so far, in order of arrival."""
        return [asdict(entry) for entry in self._log.values()]

    def events(self, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """The events so far from number `first` on, each with its number."""
        for number in range(first, self._next_event):
            if entry := self._events.get(number):
                yield number, entry.event(number)

    async def settled(self) -> None:
        """Wait until nothing is in flight, or raise Problem 504 naming what is."""
        settled = asyncio.Event()
        self._settling.add(settled)
        try:
            async with asyncio.timeout(self.limit):
                while self._in_flight and not self.deleted:
                    settled.clear()
                    await settled.wait()
        except TimeoutError:
            names = [f"{e.method} {e.path}" for e in self._in_flight.values()]
            raise Problem(
                504,
                f"Still in flight after {self.limit:g} seconds: {_listed(names)}.",
                title="Not settled",
            ) from None
        finally:
            self._settling.discard(settled)

    async def saw(self, request: str, times: int) -> None:
        """Wait until `request` has arrived `times` times, or raise Problem 504."""
        if not await self._watch(self._arrivals, self._log.values(), request, times):
            names = [f"{entry.method} {entry.path}" for entry in self._log.values()]
            raise Problem(
                504,
                f"{short(request)} did not arrive {times} times within "
                f"{self.limit:g} seconds. Seen instead: {_listed(names)}.",
                title="Not seen",
            )

    async def ended(self, request: str, times: int) -> None:
        """Wait until `times` such requests have ended, or raise Problem 504.

        They end when they are answered, given up by the client, or dropped.
        """
        ended = [entry for entry in self._log.values() if entry.ending]
        if not await self._watch(self._endings, ended, request, times):
            names = [f"{e.method} {e.path}" for e in self._log.values() if e.ending]
            going_on = [f"{e.method} {e.path}" for e in self._in_flight.values()]
            raise Problem(
                504,
                f"{short(request)} did not end {times} times within "
                f"{self.limit:g} seconds. Ended: {_listed(names)}. "
                f"In flight: {_listed(going_on)}.",
                title="Not ended",
            )

    async def _watch(
        self, watches: set[_Watch], before: Iterable[Entry], request: str, times: int
    ) -> bool:
        """Wait for `times` such requests, those `before` included; False: in vain."""
        missing = times - sum(_matches(request, e.method, e.path) for e in before)
        if missing <= 0:
            return True
        seen = asyncio.get_running_loop().create_future()
        watch = _Watch(request, missing, seen)
        watches.add(watch)
        try:
            async with asyncio.timeout(self.limit):
                await seen
        except TimeoutError:
            return False
        finally:
            watches.discard(watch)
        if self.deleted:
            raise unknown(self.id)
        return True

    def delete(self) -> None:
        """Let everyone who waits go."""
        self.deleted = True
        self._holds.clear()
        for held in self._held:
            _resolve(held, None)
        for meeting in self._meetings.values():
            _part(meeting)
        for watch in self._arrivals | self._endings:
            _resolve(watch.seen, None)
        for settled in self._settling:
            settled.set()
        for listener in self.listeners:
            listener.set()


class Scenarios:
    """All scenarios of a server; `default` is always there."""

    def __init__(self) -> None:
        self._made = 0
        self._all = {"default": Scenario("default")}

    def make(self, *, delays: bool, limit: float) -> Scenario:
        """A fresh scenario, or Problem 503 where there are too many."""
        if len(self._all) > _SCENARIO_LIMIT:
            raise Problem(
                503,
                f"There are {_SCENARIO_LIMIT} scenarios already. Delete some first.",
                title="Too many scenarios",
            )
        self._made += 1
        made = Scenario(str(self._made), delays=delays, limit=limit)
        self._all[made.id] = made
        return made

    def find(self, scenario_id: str) -> Scenario:
        """A scenario by its id, or Problem 404."""
        if (found := self._all.get(scenario_id)) is None:
            raise unknown(scenario_id)
        return found

    def delete(self, scenario: Scenario) -> None:
        """Delete a scenario. `default` begins afresh."""
        if self._all.pop(scenario.id, None) is not None:
            scenario.delete()
        self._all.setdefault("default", Scenario("default"))


def unknown(scenario_id: str) -> Problem:
    """Problem 404 that says that there is no such scenario."""
    return Problem(
        404,
        f"There is no scenario {short(scenario_id)!r}: it was never made, or has been "
        "deleted. POST /scenarios makes one.",
    )


def _put(rules: dict[str, T], pattern: str, rule: T) -> None:
    rules.pop(pattern, None)  # so that it becomes the latest
    rules[pattern] = rule


def _latest(rules: dict[str, T], method: str, path: str) -> T | None:
    for pattern in reversed(rules):
        if _matches(pattern, method, path):
            return rules[pattern]
    return None


def _matches(pattern: str, method: str, path: str) -> bool:
    """Whether `pattern` stands for a request: "*", "/users/*", "GET /users/1"."""
    wanted, path_pattern = _compiled(pattern)
    return wanted in ("*", method) and path_pattern(path) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> tuple[str, Callable[[str], re.Match[str] | None]]:
    """The method, which may be `*`, and what matches the path."""
    method, space, path = pattern.partition(" ")
    if not space or pattern.startswith("/"):  # a path, which may hold spaces
        method, path = "*", pattern
    # Only `*` is special here.
    literal = path.replace("[", "[[]").replace("?", "[?]")
    return method, re.compile(translate(literal)).match


def _part(meeting: _Meeting) -> None:
    """Tell all who wait how many came, and begin the next meeting."""
    if meeting.timer:
        meeting.timer.cancel()
    waiting, meeting.waiting = meeting.waiting, []
    for arrived in waiting:
        _resolve(arrived, len(waiting))


def _resolve(future: asyncio.Future[T], result: T) -> None:
    if not future.done():  # whoever waited may have gone
        future.set_result(result)


def _listed(names: list[str]) -> str:
    """Names with their counts, the most frequent first, at most ten."""
    counts = Counter(names)
    listed = [
        f"{short(n)} (x{c})" if c > 1 else short(n) for n, c in counts.most_common(10)
    ]
    if len(counts) > 10:
        listed.append(f"and {len(counts) - 10} others")
    return ", ".join(listed) or "nothing"

"""What a test tells a scenario to do to some requests: wait, fail, drop, answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sized
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

from mock_api.data import DELAYS
from mock_api.limits import RULES
from mock_api.log import LogEntry
from mock_api.patterns import Pattern
from mock_api.problem import HeldTooLong, Problem, short
from mock_api.responses import Dropped, Response, Stream

T = TypeVar("T")


@dataclass(eq=False)
class _Meeting:
    """A rendezvous: the requests that have arrived and wait for the others."""

    n: int
    waiting: list[asyncio.Future[int]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None

    def part(self) -> None:
        """Tell all who wait how many came, and begin the next meeting."""
        if self.timer:
            self.timer.cancel()
        waiting, self.waiting = self.waiting, []
        for arrived in waiting:
            if not arrived.done():  # whoever waited may have gone
                arrived.set_result(len(waiting))


@dataclass(eq=False)
class _Failing:
    statuses: deque[int]
    retry_after: int | None


class _Table(Generic[T]):
    """Rules of one kind. Where several match a request, the latest counts."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[Pattern, T]] = {}

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, pattern: str) -> bool:
        return pattern in self._rules

    def put(self, pattern: str, rule: T) -> None:
        self._rules.pop(pattern, None)  # so that it becomes the latest
        self._rules[pattern] = Pattern(pattern), rule

    def remove(self, rule: T) -> None:
        self._rules = {p: r for p, r in self._rules.items() if r[1] is not rule}

    def latest(self, method: str, path: str) -> T | None:
        for pattern, rule in reversed(self._rules.values()):
            if pattern.matches(method, path):
                return rule
        return None


class Rules:
    """The rules of a scenario; `limit` (seconds) is how long a response waits at most.

    `now` is the clock of its log. Each event of a stream has a path of its own,
    too, the stream's and its number ("/feeds/news/3"), which `hold`, `drop` and
    `delay` know.
    """

    def __init__(
        self, now: Callable[[], float], *, delays: bool = True, limit: float = 10
    ) -> None:
        self._now = now
        self._default_delays = delays
        self._limit = limit
        self._lifted = False
        self._holds: _Table[bool] = _Table()
        self._meetings: _Table[_Meeting] = _Table()
        self._failing: _Table[_Failing] = _Table()
        self._answers: _Table[Response | Stream] = _Table()
        self._drops: _Table[bool] = _Table()
        self._delays: _Table[float] = _Table()
        self._any = False
        self._held: dict[asyncio.Future[None], tuple[str, str]] = {}
        self._arrived: dict[asyncio.Future[int], _Meeting] = {}

    def hold(self, path: str) -> None:
        """Keep the responses of `path` back until `release`."""
        self._put(self._holds, path, True)

    def release(self, path: str) -> None:
        """Let the held responses of `path` go, those to come too."""
        self._put(self._holds, path, False)
        pattern = Pattern(path)
        for released, (method, its_path) in self._held.items():
            if pattern.matches(method, its_path) and not released.done():
                released.set_result(None)

    def rendezvous(self, path: str, n: int) -> None:
        """Answer `path` only once `n` such requests are in flight together."""
        self._put(self._meetings, path, _Meeting(n))

    def fail(self, path: str, statuses: list[int], retry_after: int | None) -> None:
        """Answer the next requests of `path` with `statuses`, one each."""
        self._put(self._failing, path, _Failing(deque(statuses), retry_after))

    def answer(self, path: str, response: Response | Stream) -> None:
        """Answer `path` with `response` from now on."""
        self._put(self._answers, path, response)

    def drop(self, path: str) -> None:
        """Close the connection of each request of `path` without an answer."""
        self._put(self._drops, path, True)

    def delay(self, path: str, seconds: float) -> None:
        """Let `path` take this many seconds, whatever a request asks for."""
        self._put(self._delays, path, seconds)

    def _put(self, table: _Table[T], path: str, rule: T) -> None:
        tables: tuple[Sized, ...] = (
            self._holds,
            self._meetings,
            self._failing,
            self._answers,
            self._drops,
            self._delays,
        )
        if path not in table and sum(map(len, tables)) >= RULES:
            raise Problem(
                507,
                f"The scenario has {RULES} rules already, and can have no more. "
                "Use `*` in fewer of them, or make another scenario.",
            )
        table.put(path, rule)
        self._any = True

    async def obey(
        self, entry: LogEntry, delay: float | None
    ) -> Response | Stream | None:
        """Wait as the rules say, and return the response that they choose.

        `delay` (seconds) is what the request itself asks for; a rule knows better.
        Raises Problem or Dropped where the rules say so.
        """
        method, path = entry.method, entry.path
        if seconds := self._delay(method, path, delay):
            await self._wait(entry.started + seconds)
        if not self._any:
            return None
        if self._holds.latest(method, path):
            await self._hold(method, path)
        if meeting := self._meetings.latest(method, path):
            await self._meet(path, meeting)
        if self._drops.latest(method, path):
            raise Dropped
        if failing := self._failing.latest(method, path):
            self._fail(failing)
        return self._answers.latest(method, path)

    async def obey_event(self, method: str, stream: str, number: int) -> None:
        """The same for event `number`, from 1, of the answer to `stream`."""
        path = f"{stream}/{number}"
        if seconds := self._delay(method, path):
            await self._wait(self._now() + seconds)
        if self._holds.latest(method, path):
            try:
                await self._hold(method, path)
            except HeldTooLong as problem:  # too late for a status
                raise Dropped(problem.ending) from None
        if self._drops.latest(method, path):
            raise Dropped

    def lift(self) -> None:
        """Let everyone who waits go: the scenario has been deleted."""
        self._lifted = True
        self._holds = _Table()
        for released in self._held:
            if not released.done():
                released.set_result(None)
        for meeting in set(self._arrived.values()):
            meeting.part()

    async def _wait(self, until: float) -> None:
        # A timer may fire a little early; an answer must not.
        while (left := until - self._now()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)

    def _delay(self, method: str, path: str, asked: float | None = None) -> float:
        if self._any and (rule := self._delays.latest(method, path)) is not None:
            return rule
        if asked is not None:
            return asked
        return default_delay(method, path) if self._default_delays else 0.0

    async def _hold(self, method: str, path: str) -> None:
        released = asyncio.get_running_loop().create_future()
        self._held[released] = method, path
        try:
            async with asyncio.timeout(self._limit):
                await released
        except TimeoutError:
            raise HeldTooLong(
                f"{short(path)} was held and not released within "
                f"{self._limit:g} seconds."
            ) from None
        finally:
            del self._held[released]

    async def _meet(self, path: str, meeting: _Meeting) -> None:
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[int] = loop.create_future()
        meeting.waiting.append(arrived)
        self._arrived[arrived] = meeting
        if len(meeting.waiting) == 1:  # the first to come starts the clock for all
            if meeting.timer:
                meeting.timer.cancel()
            meeting.timer = loop.call_later(self._limit, meeting.part)
        if len(meeting.waiting) == meeting.n:
            meeting.part()
        try:
            count = await arrived
        finally:
            del self._arrived[arrived]
            if arrived in meeting.waiting:  # the client hung up
                meeting.waiting.remove(arrived)
        if count < meeting.n and not self._lifted:
            raise HeldTooLong(
                f"{count} of {meeting.n} requests of {short(path)} were in flight "
                f"together within {self._limit:g} seconds.",
                title="No rendezvous",
            )

    def _fail(self, failing: _Failing) -> None:
        status = failing.statuses.popleft()
        if not failing.statuses:
            self._failing.remove(failing)
        headers = None
        if failing.retry_after is not None:
            headers = {"Retry-After": str(failing.retry_after)}
        raise Problem(status, "The scenario asked for this failure.", headers=headers)


_DEFAULTS = {Pattern(request): seconds for request, seconds in DELAYS.items()}


@lru_cache(maxsize=1024)
def default_delay(method: str, path: str) -> float:
    """How many seconds a response takes where nobody said otherwise."""
    if method == "HEAD":
        method = "GET"
    for pattern, seconds in _DEFAULTS.items():
        if pattern.matches(method, path):
            return seconds
    return 0.0

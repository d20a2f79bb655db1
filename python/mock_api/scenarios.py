"""Scenarios: private copies of the service with rules and a log of their own."""

from typing import TypedDict

from mock_api.data import BUSY, POSTS, Post
from mock_api.limits import IDLE_SECONDS, SCENARIOS
from mock_api.log import Log
from mock_api.problem import Problem, short
from mock_api.rules import Rules


class Summary(TypedDict):
    """What `GET /scenarios` says of each. Times are seconds."""

    id: str
    age: float
    idle: float  # since its last use
    requests: int
    in_flight: int


class Scenario:
    """State, rules and log. `limit` (seconds) is how long anything waits at most.

    `delays` says whether responses take their default time.
    """

    def __init__(
        self, scenario_id: str, *, delays: bool = True, limit: float = 10
    ) -> None:
        self.id = scenario_id
        self.prefix = "" if scenario_id == "default" else f"/s/{scenario_id}"
        self.delays = delays
        self.log = Log(limit)
        self.rules = Rules(self.log.now, delays=delays, limit=limit)
        self.posts: dict[int, Post] = {post["id"]: post for post in reversed(POSTS)}
        self.busy: set[str] = {BUSY}  # sources that answer 503 once

    @property
    def deleted(self) -> bool:
        """Whether it is gone: whoever waits for something in it stops waiting."""
        return self.log.closed

    @property
    def expired(self) -> bool:
        """Whether nobody has used it for long; `default` never expires."""
        return (
            self.log.idle >= IDLE_SECONDS
            and bool(self.prefix)
            and not (self.log.in_flight or self.log.listeners)
        )

    def summary(self) -> Summary:
        """What it is doing."""
        log = self.log
        return {
            "id": self.id,
            "age": log.now(),
            "idle": log.idle,
            "requests": log.requests,
            "in_flight": len(log.in_flight),
        }

    def delete(self) -> None:
        """Let everyone who waits go."""
        self.log.close()
        self.rules.lift()


class Scenarios:
    """All scenarios of a server; `default` is always there."""

    def __init__(self) -> None:
        self._made = 0
        self._all = {"default": Scenario("default")}

    def make(self, *, delays: bool, limit: float) -> Scenario:
        """A fresh scenario, or Problem 503 where there are too many."""
        if len(self.all()) > SCENARIOS:
            raise Problem(
                503,
                f"There are {SCENARIOS} scenarios already. Delete some first: "
                "GET /scenarios lists them.",
                title="Too many scenarios",
            )
        self._made += 1
        made = Scenario(str(self._made), delays=delays, limit=limit)
        self._all[made.id] = made
        return made

    def find(self, scenario_id: str) -> Scenario:
        """A scenario by its id, or Problem 404."""
        found = self._all.get(scenario_id)
        if found is not None and found.expired:
            self.delete(found)
            found = None
        if found is None:
            raise unknown(scenario_id)
        return found

    def all(self) -> list[Scenario]:
        """All that somebody may still use; the others are deleted."""
        for scenario in list(self._all.values()):
            if scenario.expired:
                self.delete(scenario)
        return list(self._all.values())

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
        f"deleted, perhaps since nobody used it for {IDLE_SECONDS // 60} minutes. "
        "POST /scenarios makes one.",
    )

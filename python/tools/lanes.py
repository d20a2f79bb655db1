"""Draw what the API saw: a lane for each request, from the order of events.

Nothing here knows the clock, so that the drawing is the same on each run.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from mock_api.client import LogEntry

WIDTH = 100  # columns at most
STEP = 4  # columns from one event to the next
LONG = 44  # columns of "GET /path"


class Lane(NamedTuple):
    """One line of the drawing; `start` and `end` count events, not time."""

    start: int
    label: str
    end: int
    ending: str


def draw(logs: dict[str, Sequence[LogEntry]]) -> str:
    """The drawing of the log of each language, by its name; "" without requests.

    It is drawn once, as `both`, where each did the same.
    """
    drawn = {language: _lanes(log) for language, log in logs.items()}
    one, *others = drawn.values()
    if others and all(other == one for other in others):
        drawn = {"both": one}
    lanes = [lane for some in drawn.values() for lane in some]
    if not lanes:
        return ""
    name = max(map(len, drawn)) + 2
    label = max(len(lane.label) for lane in lanes) + 2
    last = max(lane.end for lane in lanes)
    room = WIDTH - name - label - max(len(lane.ending) for lane in lanes) - 3

    def column(event: int) -> int:
        return min(event * STEP, event * room // last)

    lines = []
    for language, some in drawn.items():
        bars = [
            f"{lane.label:{label}}{'':{column(lane.start)}}●"
            + "━" * max(column(lane.end) - column(lane.start) - 1, 1)
            + lane.ending
            for lane in some
        ]
        names = [language, *[""] * len(bars)]
        some_bars = bars or ["No requests."]
        lines += [f"{n:{name}}{bar}" for n, bar in zip(names, some_bars, strict=False)]
    return "\n".join(lines)


def _lanes(log: Sequence[LogEntry]) -> list[Lane]:
    """The lanes of one run, those that begin together in a fixed order."""
    starts, ends = places(log)
    return sorted(
        Lane(starts[i], _label(request), ends[i], _ending(request))
        for i, request in enumerate(log)
    )


def places(log: Sequence[LogEntry]) -> tuple[dict[int, int], dict[int, int]]:
    """The place of each start and each end among the groups of events.

    Starts that no end separates are one group: which of them came first is
    chance. So are those that hung up together. Every other end is its own.
    """
    events = [(request.started_event, "start", i) for i, request in enumerate(log)]
    for i, request in enumerate(log):
        if request.ended_event is not None:
            alone = "" if request.ending == "client hung up" else f" {i}"
            events.append((request.ended_event, f"end{alone}", i))
    groups = [[*group] for _, group in groupby(sorted(events), lambda event: event[1])]
    starts: dict[int, int] = {}
    ends = dict.fromkeys(range(len(log)), len(groups))  # where none ends them
    for place, group in enumerate(groups):
        for _, kind, i in group:
            (starts if kind == "start" else ends)[i] = place
    return starts, ends


def _label(request: LogEntry) -> str:
    label = request.label
    return label if len(label) <= LONG else f"{label[: LONG - 1]}…"


def _ending(request: LogEntry) -> str:
    if request.ending == "completed":
        return f"● {request.status}"
    return f"✕ {request.ending}" if request.ending else "… in flight"

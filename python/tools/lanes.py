"""Draw what the API saw: a lane for each request, from the order of events.

Nothing here knows the clock, so that the drawing is the same on each run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mock_api.client import LogEntry

WIDTH = 100  # columns at most
STEP = 4  # columns from one event to the next
MANY = 24  # lanes of one language; more are drawn together
LONG = 44  # columns of "GET /path"


@dataclass(frozen=True, slots=True, order=True)
class Lane:
    """One line of the drawing; `start` and `end` count events, not time."""

    start: int
    label: str
    end: int
    ending: str


def draw(logs: dict[str, Sequence[LogEntry]]) -> list[str]:
    """The lines of the drawing for the log of each language, by its name."""
    if not any(logs.values()):
        return ["No requests."]
    drawn = {language: _fewer(_lanes(log)) for language, log in logs.items()}
    lanes = [lane for some in drawn.values() for lane in some]
    name = max(map(len, drawn)) + 2
    label = max(len(lane.label) for lane in lanes) + 2
    last = max(lane.end for lane in lanes)
    room = WIDTH - name - label - max(len(lane.ending) for lane in lanes) - 3

    def column(event: int) -> int:
        return min(event * STEP, event * room // last)

    lines = []
    for language, some in drawn.items():
        first = language
        if not some:
            lines.append(f"{first:{name}}No requests.")
        for lane in some:
            if lane.start < 0:  # stands for lanes left out
                line = lane.label
            else:
                start = column(lane.start)
                bar = "━" * max(column(lane.end) - start - 1, 1)
                line = f"{lane.label:{label}}{'':{start}}●{bar}{lane.ending}"
            lines.append(f"{first:{name}}{line}")
            first = ""
    return lines


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
    events: list[tuple[int, str, int]] = []
    for i, request in enumerate(log):
        events.append((request.started_event, "start", i))
        if request.ended_event is not None:
            alone = "" if request.ending == "client hung up" else f" {i}"
            events.append((request.ended_event, f"end{alone}", i))
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    place = -1
    for place, (kind, group) in enumerate(groupby(sorted(events), lambda e: e[1])):
        for _, _, i in group:
            (starts if kind == "start" else ends)[i] = place
    for i in range(len(log)):
        ends.setdefault(i, place + 1)
    return starts, ends


def _label(request: LogEntry) -> str:
    label = request.label
    return label if len(label) <= LONG else f"{label[: LONG - 1]}…"


def _ending(request: LogEntry) -> str:
    if request.ending == "completed":
        return f"● {request.status}"
    return f"✕ {request.ending}" if request.ending else "… in flight"


def _fewer(lanes: list[Lane]) -> list[Lane]:
    """At most `MANY` lanes: like ones drawn as one, the middle left out."""
    if len(lanes) <= MANY:
        return lanes
    merged = []
    for (label, ending), group in groupby(
        lanes, lambda lane: (lane.label, lane.ending)
    ):
        same = list(group)
        times = f" ×{len(same)}" if len(same) > 1 else ""
        end = max(lane.end for lane in same)
        merged.append(Lane(same[0].start, f"{label}{times}", end, ending))
    if len(merged) > MANY:
        head, tail = MANY // 2, MANY // 2 - 1
        left_out = Lane(-1, f"… {len(merged) - head - tail} more", -1, "")
        merged[head:-tail] = [left_out]
    used = sorted({place for lane in merged for place in (lane.start, lane.end)} - {-1})
    rank = {place: i for i, place in enumerate(used)} | {-1: -1}
    return [
        Lane(rank[lane.start], lane.label, rank[lane.end], lane.ending)
        for lane in merged
    ]

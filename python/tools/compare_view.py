"""How a comparison looks in a terminal, drawn anew from its two sides each time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock

from rich.box import ROUNDED
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from mock_api.client import LogEntry
from tools.compare_side import Side, harmless, outcome
from tools.source import TITLES

# Each stands out as much from white as from black.
COLOURS = {"python": "#2e7fc0", "javascript": "#ad7500"}
NARROW = 70  # columns; below this the programs stand one above the other
LANES = 200  # requests of one program that are drawn at most


@contextmanager
def live(sides: list[Side], console: Console, lock: Lock) -> Iterator[None]:
    """Let the terminal follow the run as far as it fits, in the end show all of it.

    While the lock is held, the sides may change.
    """

    def now() -> Group:
        with lock:
            return view(sides, *console.size)

    with Live(
        console=console, get_renderable=now, refresh_per_second=15, transient=True
    ):
        yield
    console.print(view(sides, console.width), "")


def view(
    sides: list[Side],
    width: int,
    height: int | None = None,
    now: float | None = None,
    *,
    timed: bool = True,
) -> Group:
    """All that has happened, `width` columns wide.

    With a `height` in rows, only the last lines and requests that fit. The bars of
    requests in flight reach to `now`, a moment on the clock of the sides. Without
    `timed`, no number tells a time.
    """
    now = time.monotonic() if now is None else now
    cut = height is not None
    panels = [sides] if width >= NARROW else [[side] for side in sides]
    lines = max(1, *(max(len(s.lines), (s.expected or "").count("\n")) for s in sides))
    lanes = max(1, *(min(len(side.requests), LANES) for side in sides))
    slow = [
        _line((f"{TITLES[side.language]} is {side.slow}", "yellow"))
        for side in sides
        if cut and side.slow
    ]
    if height is not None:
        room = height - 4 - len(slow) - 4 * len(panels)  # less all the rest
        lanes_room = max(room // 2, room - lines * len(panels))
        lanes = max(2, min(lanes, lanes_room // len(sides)))
        lines = max(1, min(lines, (room - lanes * len(sides)) // len(panels)))
    legend = " ●━━● is one request, from its arrival to its answer"
    return Group(
        Text(sides[0].pair.name, "bold"),
        *(_panel(panel, lines, cut=cut, timed=timed) for panel in panels),
        _line(("What the API saw:", "bold"), (legend, "dim")),
        _lanes(sides, lanes, now, width, cut=cut, timed=timed),
        *slow,
    )


def _panel(sides: list[Side], lines: int, *, cut: bool, timed: bool) -> Table:
    panel = Table(box=ROUNDED, border_style="dim", expand=True)
    cells = []
    for side in sides:
        header = Text.assemble(("  ms  " * timed, "dim"), _title(side))
        panel.add_column(header, ratio=1)
        cell = Table.grid(
            Column(justify="right", style="dim", min_width=4 * timed, no_wrap=True),
            Column(ratio=1, no_wrap=cut, overflow="ellipsis" if cut else "fold"),
            padding=(0, 2 * timed, 0, 0),
            expand=True,
        )
        shown = list(side.lines)[-lines:]
        if side.printed > len(shown) > 1:
            del shown[0]
            earlier = f"… {side.printed - len(shown):,} earlier lines"
            cell.add_row("", Text(earlier, "dim"))
        for moment, line in shown:
            ms = side.ms(moment) if timed else None
            cell.add_row("" if ms is None else str(ms), Text(line))
        for _ in range(lines - cell.row_count):
            cell.add_row("", "")
        cells.append(cell)
    panel.add_row(*cells)
    return panel


def _lanes(
    sides: list[Side], lanes: int, now: float, width: int, *, cut: bool, timed: bool
) -> RenderableType:
    newest = [(side, _newest(side, lanes)) for side in sides]
    entries = [entry for _, some in newest for entry in some]
    if not entries:
        return "No requests." if all(side.run for side in sides) else ""
    # While it runs, leave room for the longest ending, so that nothing jumps.
    endings = ["client hung up"] if cut else map(outcome, entries)
    title = max(len(TITLES[side.language]) for side in sides)
    label = max(len(harmless(entry.label)) for entry in entries)
    label = max(len("no requests"), min(label, width // 3))
    bar = max(7, width - title - label - max(map(len, endings)) - 6)
    last = max(side.span(entry, now)[1] for side, some in newest for entry in some)
    step, end = _axis(last, max(1, bar // (len(str(last)) + 3)))
    table = Table.grid(
        Column(width=title),
        Column(width=label, no_wrap=True, overflow="ellipsis"),
        Column(width=bar, no_wrap=True),
        Column(no_wrap=True),
        padding=(0, 2, 0, 0),
    )
    for side, some in newest:
        rows: list[tuple[RenderableType, ...]] = [
            (
                Text(harmless(entry.label)),
                Text(
                    _bar(entry, side.span(entry, now), (bar - 1) / end),
                    COLOURS[side.language],
                ),
                Text(outcome(entry), "dim" if entry.ended is None else ""),
            )
            for entry in some
        ]
        if more := len(side.requests) - len(some):
            rows.insert(0, (Text(f"+{more:,} more", "dim"),))
        for i, row in enumerate(rows or [(Text("no requests", "dim"),)]):
            table.add_row("" if i else _title(side), *row)
    if timed:
        table.add_row("", "", Text(_ticks(step, end, bar), "dim"), Text("ms", "dim"))
    return table


def _newest(side: Side, most: int) -> list[LogEntry]:
    """The requests in flight or that ended last, in order of arrival.

    Where not all fit, they leave room for a line that says how many more there are.
    """
    entries = list(side.requests.values())
    if len(entries) > most:
        entries.sort(key=lambda entry: math.inf if entry.ended is None else entry.ended)
        del entries[: len(entries) - most + 1]
    return sorted(entries, key=lambda entry: entry.request)


def _line(*parts: tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _title(side: Side) -> Text:
    return Text(TITLES[side.language], f"bold {COLOURS[side.language]}")


def _bar(entry: LogEntry, span: tuple[int, int], columns_per_ms: float) -> str:
    start, end = (round(ms * columns_per_ms) for ms in span)
    if entry.ended is None:
        return " " * start + "●" + "━" * (end - start)
    tip = "●" if entry.ending == "completed" else "✕"
    body = "●" + "━" * (end - start - 1) if end > start else ""
    return " " * start + body + tip


def _axis(over_ms: int, most: int) -> tuple[int, int]:
    """The round step and the end of an axis over so many milliseconds."""
    steps = (digit * 10**zeros for zeros in count() for digit in (1, 2, 5))
    step = next(step for step in steps if step * most >= over_ms)
    return step, max(1, math.ceil(over_ms / step)) * step


def _ticks(step: int, end: int, width: int) -> str:
    text = "0"
    for tick in range(step, end + 1, step):
        label = str(tick)
        start = round(tick * (width - 1) / end) - len(label) // 2
        text = text.ljust(min(start, width - len(label))) + label
    return text

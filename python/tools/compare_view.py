"""How a comparison looks in a terminal, drawn anew from its two runs each time."""

from __future__ import annotations

import math
import time
from itertools import count

from rich.box import ROUNDED
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from mock_api.client import LogEntry
from tools.compare_run import (
    Run,
    harmless,
    outcome,
    relative,
    request_line,
    verdict,
)
from tools.source import TITLES

SHORT = {"python": "Py", "javascript": "JS"}
# Each stands out as much from white as from black.
COLOURS = {"python": "#2e7fc0", "javascript": "#ad7500"}
NARROW = 70  # columns; below this the programs stand one above the other
FOOTNOTE = "Each program counts from its own first line or request."


def live(runs: list[Run], console: Console) -> Live:
    """A context in which the terminal follows the runs. It leaves no trace."""
    return Live(
        console=console,
        get_renderable=lambda: view(runs, *console.size),
        refresh_per_second=15,
        transient=True,
    )


def view(
    runs: list[Run], width: int, height: int | None = None, now: float | None = None
) -> Group:
    """All that has happened, `width` columns wide.

    With a `height` in rows, only the last lines and requests that fit. The bars
    of requests in flight reach to `now`, a moment on the clock of the runs.
    """
    now = time.monotonic() if now is None else now
    panels = [runs] if width >= NARROW else [[run] for run in runs]
    lines = max(len(run.lines) for run in runs)
    lines = max(lines, *(len((run.expected or "").splitlines()) for run in runs), 1)
    lanes = max(1, *(len(run.requests) for run in runs))
    if height is not None:
        room = height - 7 - 4 * len(panels)  # less all the rest
        lanes_room = max(room // 2, room - lines * len(panels))
        lanes = max(1, min(lanes, lanes_room // len(runs)))
        lines = max(1, min(lines, (room - lanes * len(runs)) // len(panels)))
    return Group(
        Text(runs[0].pair.name, "bold"),
        *(_panel(panel, lines, cut=height is not None) for panel in panels),
        Text(),
        Text("What the API saw", "bold"),
        _lanes(runs, lanes, now, width, cut=height is not None),
        Text(FOOTNOTE, "dim", no_wrap=True, overflow="ellipsis"),
    )


def conclusion(runs: list[Run]) -> Group:
    """For each program whether it printed what the page says, and the page."""
    rows = Table.grid(padding=(0, 2, 0, 0))
    for run in runs:
        passed, summary, details = verdict(run)
        mark = Text("✓ ", "green") if passed else Text("✗ ", "red")
        rows.add_row(_title(run), mark + Text(summary))
        if details:
            rows.add_row("", Text("\n".join(details), "dim" if passed else ""))
    rows.add_row(Text("Page", "dim"), relative(runs[0].pair, runs[0].pair.page))
    return Group(Text(), rows)


def _panel(runs: list[Run], lines: int, *, cut: bool) -> Table:
    panel = Table(box=ROUNDED, border_style="dim", expand=True)
    cells = []
    for run in runs:
        panel.add_column(_title(run), ratio=1)
        cell = Table.grid(
            Column(justify="right", style="dim", min_width=7, no_wrap=True),
            Column(ratio=1, no_wrap=cut, overflow="ellipsis" if cut else "fold"),
            padding=(0, 2, 0, 0),
            expand=True,
        )
        for moment, line in run.lines[-lines:]:
            cell.add_row(f"{run.ms(moment)} ms", Text(harmless(line)))
        for _ in range(lines - len(run.lines)):
            cell.add_row("", "")
        cells.append(cell)
    panel.add_row(*cells)
    return panel


def _lanes(
    runs: list[Run], lanes: int, now: float, width: int, *, cut: bool
) -> RenderableType:
    entries = [(run, entry) for run in runs for entry in _newest(run, lanes)]
    if not entries:
        return Text("No requests.")
    names = TITLES if width >= NARROW else SHORT
    # While it runs, leave room for the longest ending, so that nothing jumps.
    endings = ["client hung up"] if cut else [outcome(entry) for _, entry in entries]
    columns = (
        max(map(len, names.values())),
        min(max(len(request_line(entry)) for _, entry in entries), width // 3),
        max(map(len, endings)),
    )
    bar_width = max(7, width - sum(columns) - 2 * len(columns))
    ends = [run.ms(run.ended(entry) or now) for run, entry in entries]
    step, end = _axis(max(ends), bar_width // 6)
    scale = (bar_width - 1) / end
    table = Table.grid(
        Column(width=columns[0]),
        Column(width=columns[1], no_wrap=True, overflow="ellipsis"),
        Column(width=bar_width, no_wrap=True),
        Column(no_wrap=True),
        padding=(0, 2, 0, 0),
    )
    titled = None
    for run, entry in entries:
        table.add_row(
            _title(run, names) if run is not titled else "",
            Text(request_line(entry)),
            Text(_bar(run, entry, now, scale), COLOURS[run.language]),
            Text(outcome(entry), "dim" if entry.ended is None else ""),
        )
        titled = run
    table.add_row("", "", Text(_ticks(step, end, bar_width), "dim"), Text("ms", "dim"))
    return table


def _newest(run: Run, most: int) -> list[LogEntry]:
    """The requests in flight or that ended last, in order of arrival."""
    entries = sorted([*run.requests.values()], key=lambda e: run.ended(e) or math.inf)
    return sorted(entries[-most:], key=lambda entry: entry.request)


def _title(run: Run, names: dict[str, str] = TITLES) -> Text:
    return Text(names[run.language], f"bold {COLOURS[run.language]}")


def _bar(run: Run, entry: LogEntry, now: float, columns_per_ms: float) -> str:
    start = round(run.ms(run.began(entry)) * columns_per_ms)
    end = round(run.ms(run.ended(entry) or now) * columns_per_ms)
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

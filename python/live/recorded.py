"""The recorded runs of those pairs that cannot run in a page.

A page replays them: `live/recorded/<chapter>/<slug>.json` holds, for each language,
what happened and when, in milliseconds since the start of the program.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

from live.pairs import why_not
from mock_api.client import LogEntry
from tools.catalogue import Pair, find_pairs
from tools.runs import News, Program, Run, run_pairs

Events = list[dict[str, Any]]


def pack(out: Path) -> None:
    """Record what cannot run in a page, for the site in `out`.

    What runs in a page of its own, and not in a terminal, has no recording.
    """
    pairs = [pair for pair in find_pairs() if not pair.in_browser and why_not(pair)]
    record(pairs, out / "live" / "recorded")


class Recorder:
    """Hears what programs do, and notes when."""

    def __init__(self) -> None:
        self.events: dict[Program, Events] = {}
        self._began: dict[Program, float] = {}
        # Lines are told by threads.
        self._lock = Lock()

    def tell(self, program: Program, news: News) -> None:
        """Note a line, a request or the end; the first news is the start."""
        now = perf_counter()
        with self._lock:
            began = self._began.setdefault(program, now)
            ms = round(1000 * (now - began), 1)
            events = self.events.setdefault(program, [])
            events += ({"ms": ms} | event for event in _events(news))


def _events(news: News) -> Iterable[dict[str, Any]]:
    """What a page shows of it."""
    match news:
        case str():
            yield {"line": news.rstrip("\n"), "stream": "out"}
        case LogEntry():
            yield {"request": asdict(news)}
        case Run():
            # When each of these lines came, nobody knows: the program has ended.
            for line in news.stderr.splitlines():
                yield {"line": line, "stream": "err"}
            yield {"exit": news.exit_code}


def record(pairs: Iterable[Pair], folder: Path) -> None:
    """Run the programs of the pairs, and write what they did below `folder`.

    RuntimeError: one of them does not end well, or there is no mock API.
    """
    # Of what we ask the mock API nobody needs to hear: Sphinx lets it be printed.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    recorder = Recorder()
    pairs = list(pairs)
    runs = run_pairs(pairs, tell=recorder.tell)
    for (pair, language), run in runs.items():
        if run.exit_code != 0 or run.problem:
            why = run.problem or run.stderr.strip() or f"exit code {run.exit_code}"
            raise RuntimeError(f"no recording of {pair.name} in {language}: {why}")
    for pair in pairs:
        found = {
            language: events
            for (whose, language), events in recorder.events.items()
            if whose == pair
        }
        path = folder / f"{pair.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dict(sorted(found.items(), reverse=True)), ensure_ascii=False)
        path.write_text(text, "utf-8", newline="\n")

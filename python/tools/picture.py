"""A picture of what `compare` shows of a real run, as SVG, for README."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME
from rich.text import Text

from tools.catalogue import Pair
from tools.compare_side import Side
from tools.compare_view import view
from tools.lanes import places
from tools.runs import Runs
from tools.source import LANGUAGES

WIDTH = 80  # columns, which make about 1,000 pixels
LEGEND = "From left to right: the order of events, not their times."
THEMES = {"dark": SVG_EXPORT_THEME, "light": DEFAULT_TERMINAL_THEME}
# Fonts of the reader's machine, all 0.6 times as wide as high. Rich would name one
# that a browser fetches from elsewhere.
TEMPLATE = re.sub(
    r"@font-face \{\{.*?\}\}\s*|<!--.*?-->\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL
).replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, DejaVu Sans Mono")


def pictures(pair: Pair, runs: Runs) -> dict[Path, str]:
    """Two SVG files beside the page of a pair, for dark and for light pages.

    They tell the order of events and no time, so that each run gives the same.
    """
    found = {}
    sides = [_side(pair, language, runs) for language in LANGUAGES]
    for name, theme in THEMES.items():
        console = Console(
            record=True,
            width=WIDTH,
            file=io.StringIO(),
            no_color=False,
            legacy_windows=False,
        )
        console.print(view(sides, WIDTH, timed=False), Text(LEGEND, "dim"))
        svg = console.export_svg(
            title=f"nox -s compare -- {pair.slug}",
            theme=theme,
            code_format=TEMPLATE,
            font_aspect_ratio=0.6,
            unique_id=name,
        )
        # A border that can be seen on white, too.
        svg = svg.replace("rgba(255,255,255,0.35)", "rgba(128,128,128,0.5)")
        path = pair.page.with_name(f"{pair.slug}-{name}.svg")
        found[path] = "\n".join(filter(str.strip, svg.splitlines())) + "\n"
    return found


def _side(pair: Pair, language: str, runs: Runs) -> Side:
    """A side on which the place of an event in their order stands for its time."""
    run = runs[pair, language]
    starts, ends = places(run.log)
    log = [
        replace(entry, started=starts[i], ended=ends[i] if entry.ending else None)
        for i, entry in enumerate(run.log)
    ]
    # Which of those that arrived together was first is chance.
    log.sort(key=lambda entry: (entry.started, entry.ended or math.inf, entry.label))
    side = Side(pair, language, scenario_began=0, zero=0)
    for line in run.stdout.splitlines():
        side.note(line)
    numbered = (replace(entry, request=n) for n, entry in enumerate(log))
    side.note(replace(run, log=tuple(numbered)))
    return side

"""The line that says how to run both, and on which versions it is known to hold."""

from __future__ import annotations

import json
from itertools import pairwise

from tools.catalogue import Pair
from tools.facts import Facts
from tools.heading.part import Part
from tools.page import RUN_LINE

PROVEN = "docs/proven.json"  # nox -s versions -- --write writes it


class RunLine(Part):
    """Nobody writes it by hand."""

    name = RUN_LINE
    stale = "the line that says how to run both is not true"

    def text(self, facts: Facts, pair: Pair) -> str | None:
        """The command, the versions, and how to read a page."""
        command = "browser" if pair.in_browser else f"compare -- {pair.slug}"
        said = [f"Run both: `nox -s {command}`"]
        proven: dict[str, list[str]] = json.loads(facts.text(PROVEN) or "{}")
        if holds := [f"{name} {ranges(some)}" for name, some in proven.items() if some]:
            said.append(f"holds on {' and '.join(holds)}")
        said.append("[how to read this page](../README.md#how-to-read-a-page)")
        return " · ".join(said)


def ranges(versions: list[str]) -> str:
    """`3.11–3.13, 3.15`: only what was proven, and versions in a row as one."""
    numbers = sorted([int(part) for part in version.split(".")] for version in versions)
    texts = [".".join(map(str, number)) for number in numbers]
    words = texts[:1]
    for (before, number), text in zip(pairwise(numbers), texts[1:], strict=True):
        if number == [*before[:-1], before[-1] + 1]:
            words[-1] = f"{words[-1].partition('–')[0]}–{text}"
        else:
            words.append(text)
    return ", ".join(words)

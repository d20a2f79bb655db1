"""The line that says how to run both, and which versions it is known to hold on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding
from tools.page import RUN_LINE as NAME
from tools.page import Page

__all__ = ["NAME", "PROVEN", "STALE", "check", "text"]
STALE = "the line that says how to run both is not true"
PROVEN = "docs/proven.json"  # nox -s versions -- --write writes it


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """The whole line."""
    command = "browser" if pair.in_browser else f"compare -- {pair.slug}"
    proven: dict[str, list[str]] = json.loads(facts.text(PROVEN) or "{}")
    holds = [f"{name} {_ranges(some)}" for name, some in proven.items() if some]
    said = [f"Run both: `nox -s {command}`"]
    if holds:
        said.append(f"holds on {' and '.join(holds)}")
    said.append("[how to read this page](../README.md#how-to-read-a-page)")
    return " · ".join(said)


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """Nothing: no one writes it by hand."""
    yield from ()


def _ranges(versions: list[str]) -> str:
    """`3.11–3.13, 3.15`: only what was proven, and versions in a row as one."""
    numbers = sorted([int(part) for part in version.split(".")] for version in versions)
    groups = [[number] for number in numbers[:1]]
    for before, number in pairwise(numbers):
        if number == [*before[:-1], before[-1] + 1]:
            groups[-1].append(number)
        else:
            groups.append([number])
    ends = [[group[0], group[-1]] if group[1:] else group[:1] for group in groups]
    return ", ".join("–".join(".".join(map(str, n)) for n in end) for end in ends)

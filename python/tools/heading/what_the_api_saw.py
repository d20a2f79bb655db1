"""What the API saw: the requests of both programs, drawn in lanes."""

from __future__ import annotations

from collections.abc import Iterator

from tools import addresses
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE, Finding
from tools.lanes import draw
from tools.page import Page, anchor, fence
from tools.source import TITLES

NAME = "What the API saw"
STALE = "the drawing is not what the API saw"
ADVICE = f"mend the program; or, where the new drawing is right, {WRITE}"


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """The drawing. Without requests nothing but the address that it once had."""
    runs = facts.ran(pair)
    if not runs:
        return None
    drawing = draw({TITLES[language]: run.log for language, run in runs.items()})
    if drawing:
        return f"## {NAME}\n\n{fence('text', chr(10).join(drawing))}"
    name = anchor(NAME)
    published = f"{facts.name(pair.page)}#{name}" in addresses.listed(facts)
    kept = any(name in block.ids for block in page.blocks)
    return f'<a id="{name}"></a>' if published and not kept else ""


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """Nothing: all of it comes from runs."""
    yield from ()

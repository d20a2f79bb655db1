"""What the page of a pair must say: its parts, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from tools import glossary
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE, Finding, diff
from tools.heading.bullets import Bullets
from tools.heading.line_by_line import LineByLine
from tools.heading.output import Output
from tools.heading.part import Part, Said
from tools.heading.programs import Programs
from tools.heading.read_on import ReadOn
from tools.heading.run_line import RunLine
from tools.heading.title import Title
from tools.heading.what_differs import WhatDiffers
from tools.heading.what_the_api_saw import WhatTheApiSaw
from tools.page import Page, line

_TOP: list[Part] = [Title(), Bullets(), RunLine(), Programs()]
_BELOW: list[Part] = [Output(), LineByLine(), WhatDiffers(), WhatTheApiSaw(), ReadOn()]
PARTS = {part.name: part for part in [*_TOP, *_BELOW]}
_WRITTEN = ["Line by line", "What differs", "Read on"]  # by an author


def written(facts: Facts, pair: Pair) -> str:
    """The page as it must be; what cannot be said is left as it is."""
    now, true = _texts(facts, pair)
    texts = [true.get(name, now.get(name)) for name in dict.fromkeys([*PARTS, *now])]
    return "\n\n".join(filter(None, texts)) + "\n"


def stale(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """A finding with a diff for each part that does not say what it must."""
    if pair.page not in facts.texts:
        return
    now, true = _texts(facts, pair)
    blocks = facts.page(pair).parts
    differ = [name for name, text in true.items() if text != now.get(name, "")]
    for name in differ:
        at = line(blocks[name][0]) if name in blocks else 0
        shown = diff(now.get(name, ""), true[name], "the page", "true")
        yield Finding(pair.page, at, PARTS[name].stale, PARTS[name].advice, shown)
    if not differ and facts.text(pair.page) != written(facts, pair):
        message = "its parts do not stand in their order, one empty line between two"
        yield Finding(pair.page, 0, message, WRITE)


def check(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """What only the author of the page can mend."""
    if pair.page in facts.texts:
        parts = (part.check(facts, pair) for part in PARTS.values())
        for said in chain(_headings(facts.page(pair)), *parts):
            yield Finding(pair.page, *said)


def _headings(page: Page) -> Iterator[Said]:
    """The fixed headings, and fences only where they belong."""
    for name in (name for name in _WRITTEN if name not in page.parts):
        yield (
            0,
            f"the heading “## {name}” is missing",
            "write it, and what belongs to it",
        )
    for name, blocks in page.parts.items():
        if name not in PARTS:
            advice = f"make it a claim (###), or one of: {', '.join([*PARTS][4:])}"
            yield line(blocks[0]), f"“## {name}” is no heading of a page", advice
        for block in blocks if name in ("Line by line", "Read on") else ():
            if block.type == "fence":
                yield line(block), f"a fence stands under “## {name}”", "use a claim"


def _texts(facts: Facts, pair: Pair) -> tuple[dict[str, str], dict[str, str]]:
    """The parts as they are, and those of which it is known how they must be."""
    page = facts.page(pair)
    now = {name: page.source(blocks) for name, blocks in page.parts.items()}
    words = {pair.page: glossary.linked(facts, page)}
    linked = replace(facts, texts=facts.texts | words)
    texts = {name: part.text(linked, pair) for name, part in PARTS.items()}
    return now, {name: text for name, text in texts.items() if text is not None}

"""What the page of a pair must say: its parts, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tools import glossary
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE, Finding, diff
from tools.heading import (
    bullets,
    line_by_line,
    output,
    programs,
    read_on,
    run_line,
    title,
    what_differs,
    what_the_api_saw,
)
from tools.page import Page, parts


class Part(Protocol):
    """A file of `tools/heading`."""

    NAME: str
    STALE: str

    def text(self, facts: Facts, pair: Pair, page: Page) -> str | None:
        """How the part must read."""

    def check(self, facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
        """What its author must mend."""


PARTS: dict[str, Part] = {
    part.NAME: part
    for part in (
        title,
        bullets,
        run_line,
        programs,
        output,
        line_by_line,
        what_differs,
        what_the_api_saw,
        read_on,
    )
}
_WRITTEN = ["Line by line", "What differs", "Read on"]  # by an author


def written(facts: Facts, pair: Pair) -> str:
    """The page as it must be; what cannot be said is left as it is."""
    now, true = _parts(facts, pair)
    names = [*PARTS, *(name for name in now if name not in PARTS)]
    texts = [true.get(name, now.get(name, "")) for name in names]
    return "\n\n".join(text for text in texts if text) + "\n"


def stale(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """A finding with a diff for each part that does not say what it must."""
    if pair.page not in facts.texts:
        return
    now, true = _parts(facts, pair)
    lines = {name: some[0].start + 1 for name, some in parts(facts.page(pair)).items()}
    differ = [name for name, text in true.items() if text != now.get(name, "")]
    for name in differ:
        yield Finding(
            pair.page,
            lines.get(name, 0),
            PARTS[name].STALE,
            getattr(PARTS[name], "ADVICE", WRITE),
            diff(now.get(name, ""), true[name], "the page", "true"),
        )
    if not differ and facts.texts[pair.page] != written(facts, pair):
        message = "its parts do not stand in their order, one empty line between two"
        yield Finding(pair.page, 0, message, WRITE)


def check(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """What only the author of the page can mend."""
    if pair.page not in facts.texts:
        return
    page = facts.page(pair)
    there = parts(page)
    for name in _WRITTEN:
        if name not in there:
            message = f"the heading “## {name}” is missing"
            yield Finding(pair.page, 0, message, "write it, and what belongs below it")
    for name, blocks in there.items():
        line = blocks[0].start + 1
        if name not in PARTS:
            message = f"“## {name}” is no heading of a page"
            advice = f"make it a claim (###), or one of: {', '.join([*PARTS][4:])}"
            yield Finding(pair.page, line, message, advice)
        if name in ("Line by line", "Read on"):
            for block in blocks:
                if block.kind == "fence":
                    message = f"a fence stands under “## {name}”"
                    advice = "put it into a claim"
                    yield Finding(pair.page, block.start + 1, message, advice)
    for part in PARTS.values():
        yield from part.check(facts, pair, page)


def _parts(facts: Facts, pair: Pair) -> tuple[dict[str, str], dict[str, str]]:
    """The parts as they are, and those of which it is known how they must be."""
    page = facts.page(pair)
    now = {name: page.source(blocks) for name, blocks in parts(page).items()}
    with_words = glossary.linked(facts, page)
    true = {}
    for name, part in PARTS.items():
        text = part.text(facts, pair, with_words)
        if text is not None:
            true[name] = text
    return now, true

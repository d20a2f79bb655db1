"""Line by line: a table of short cells, whose code stands in the programs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding, nearest
from tools.page import Block, Page, parts
from tools.source import LANGUAGES, has

NAME = "Line by line"
STALE = ""  # nothing of it is derived
LONGEST = 36  # characters of a cell, as a reader sees it: a phone shows three
_HEADER = ["", "Python", "JavaScript"]


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """As its author wrote it."""
    blocks = parts(page).get(NAME)
    return page.source(blocks) if blocks else None


def rows(page: Page) -> list[Block]:
    """The rows of the table, its header first."""
    tables = [b for b in parts(page).get(NAME, []) if b.kind == "table"]
    return tables[0].rows if tables else []


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """A header, two rows or more, short cells, code that exists."""
    if not (blocks := parts(page).get(NAME)):
        return
    header, *rest = rows(page) or [blocks[0]]
    if [cell.text for cell in header.cells] != _HEADER or len(rest) < 2:
        yield Finding(
            pair.page,
            header.start + 1,
            "there is no table of two rows or more",
            "begin it with | | Python | JavaScript |, then a row for each step",
        )
        return
    for row in rest:
        for cell in row.cells:
            if len(cell.text) > LONGEST:
                yield Finding(
                    pair.page,
                    row.start + 1,
                    f"“{cell.text}” has {len(cell.text)} characters, "
                    f"{LONGEST} are allowed",
                    "put … for what does not matter",
                )
        for language, cell in zip(LANGUAGES, row.cells[1:], strict=True):
            program = pair.program(language)
            source = facts.texts.get(program, "")
            for code in cell.codes if source else []:
                if not stands_in(code, source):
                    hint = nearest(code, map(str.strip, source.splitlines()), n=1)
                    yield Finding(
                        pair.page,
                        row.start + 1,
                        f"`{code}` does not stand in {facts.name(program)}",
                        "copy it from there, with … for what you leave out"
                        + (f"; {hint}" if hint else ""),
                    )


def stands_in(code: str, program: str) -> bool:
    """Whether code stands in a program; `…` stands for anything.

    How it is broken into lines does not count, nor the comma that the
    formatters set at the end of a broken list.
    """
    return has(_close(program), _close(code))


def _close(code: str) -> str:
    """Code without whitespace, and without the commas before a closing bracket."""
    return re.sub(r",(?=[)\]}])", "", "".join(code.split()))

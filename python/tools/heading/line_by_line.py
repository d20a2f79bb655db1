"""Line by line: a table of short cells, whose code stands in the programs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import nearest
from tools.heading.part import Part, Said
from tools.page import Node, Page, codes, every, line, words
from tools.source import LANGUAGES, has

LONGEST = 36  # characters of a cell, as a reader sees it: a phone shows three cells
_HEADER = ["", "Python", "JavaScript"]


class LineByLine(Part):
    """Written by the author, held to the programs."""

    name = "Line by line"

    def check(self, facts: Facts, pair: Pair) -> Iterator[Said]:
        """A header, two rows or more, short cells, code that exists."""
        if not (blocks := facts.page(pair).parts.get(self.name)):
            return
        header, *rest = rows(facts.page(pair)) or [blocks]
        if list(map(words, header)) != _HEADER or len(rest) < 2:
            advice = "begin it with | | Python | JavaScript |, then a row for each step"
            yield line(blocks[0]), "there is no table of two rows or more", advice
            return
        for row in rest:
            for text in (words(cell) for cell in row):
                if len(text) > LONGEST:
                    message = f"“{text}” has {len(text)} characters, {LONGEST} may be"
                    yield line(row[0]), message, "put … for what does not matter"
            for language, cell in zip(LANGUAGES, row[1:], strict=True):
                path = pair.program(language)
                text = facts.text(path)
                for code in (code for code in codes(cell) if not stands_in(code, text)):
                    message = f"`{code}` does not stand in {facts.name(path)}"
                    advice = "copy it from there, with … for what you leave out; "
                    near = nearest(code, map(str.strip, text.splitlines()), 1)
                    yield line(row[0]), message, advice + near


def rows(page: Page) -> list[list[Node]]:
    """The cells of each row of the table, its header first."""
    blocks = page.parts.get(LineByLine.name, [])
    return [row.children for block in blocks for row in every(block, "tr")]


def stands_in(code: str, program: str) -> bool:
    """Whether code stands in a program; `…` stands for anything.

    How it is broken into lines does not count, nor the comma that the formatters
    set at the end of a broken list.
    """
    closed = ("".join(text.split()) for text in (program, code))
    return has(*(re.sub(r",(?=[)\]}])", "", text) for text in closed))

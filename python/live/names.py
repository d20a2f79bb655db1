"""The names by which others link to the site, and where each leads.

A page has the name of its file, `combining/settle-all`; a heading, which is a claim,
a message or a word of the glossary, has its address, `combining/settle-all#a-claim`;
a row of the phrasebook has the name of what it is about, `asyncio.gather`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from live.sphinx_pages import moved_to
from tools.addresses import ADDRESSES
from tools.catalogue import ROOT, Pair
from tools.page import every, href, ids, parse, words
from tools.phrasebook import PHRASEBOOK


class Place(NamedTuple):
    """Where a name leads: a page, an address on it, and what stands there."""

    docname: str
    anchor: str
    title: str


class Row(NamedTuple):
    """A row of the phrasebook: its names, and where its page is."""

    names: list[str]
    pages: list[str]  # "combining/settle-all.md#a-claim"


@cache
def published() -> tuple[str, ...]:
    """Every address in docs/addresses.txt."""
    return tuple((ROOT / ADDRESSES).read_text("utf-8").split())


@cache
def leads() -> dict[str, str]:
    """Each published address, and where it leads from the root of the site."""
    return {address: _lead(address) for address in published()}


def _lead(address: str) -> str:
    docname, anchor = _split(address)
    if moved := moved_to(docname):
        return posixpath.normpath(posixpath.join(posixpath.dirname(docname), moved))
    return f"{docname}.html" + (f"#{anchor}" if anchor else "")


def headings() -> dict[str, Place]:
    """Each published address of a heading, old ones too, by its name.

    Without the rows of the phrasebook, whose names are shorter.
    """
    rows = {name for row in phrases() for name in row.names}
    found = {}
    for address in published():
        docname, anchor = _split(address)
        if anchor and not (address.startswith(PHRASEBOOK) and anchor in rows):
            title = _titles(docname).get(anchor, anchor)
            found[f"{docname}#{anchor}"] = Place(docname, anchor, title)
    return found


@cache
def phrases() -> tuple[Row, ...]:
    """The rows of the phrasebook."""
    return tuple(_rows((ROOT / PHRASEBOOK).read_text("utf-8")))


def _rows(text: str) -> Iterator[Row]:
    for table in (block for block in parse(text).blocks if block.type == "table"):
        for row in every(table, "tr")[1:]:
            first, *_, page = row.children
            if names := ids(first):
                yield Row(names, [href(link) for link in every(page, "link")])


def names_of(pair: Pair) -> list[str]:
    """The names whose row in the phrasebook leads to a pair."""
    page = f"{pair.name}.md"
    rows = (r for r in phrases() if any(p.partition("#")[0] == page for p in r.pages))
    return [name for row in rows for name in row.names]


@cache
def _titles(docname: str) -> dict[str, str]:
    """The words of the heading at, or else below, each address on a page."""
    page = parse((ROOT / "docs" / f"{docname}.md").read_text("utf-8"))
    found: dict[str, str] = {}
    title = page.title
    below = {}
    for block in reversed(page.blocks):
        title = words(block) if block.type == "heading" else title
        below[block] = title
    for anchor, block in page.anchors.items():
        found[anchor] = below[block]
    return found


def _split(address: str) -> tuple[str, str]:
    """`docs/feed/x.md#y` as `feed/x` and `y`."""
    path, _, anchor = address.partition("#")
    return path.removeprefix("docs/").removesuffix(".md"), anchor

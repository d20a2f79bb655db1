"""The title of a page and the paragraph below it, which its author writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding
from tools.page import TITLE as NAME
from tools.page import Page, parts

__all__ = ["NAME", "STALE", "check", "first_sentence", "text"]
STALE = "a word of the glossary is not linked where it first stands"
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """As its author wrote it."""
    return page.source(parts(page).get(NAME, []))


def first_sentence(page: Page) -> str:
    """The catalogue's line: the first sentence, links as their words."""
    paragraphs = [b for b in parts(page).get(NAME, []) if b.kind == "paragraph"]
    words = " ".join(_LINK.sub(r"\1", page.source(paragraphs[:1])).split())
    sentence = re.match(r".*?[.!?](?= |$)", words)
    return sentence[0] if sentence else words


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """A title, and one paragraph."""
    blocks = parts(page).get(NAME, [])
    if not blocks or blocks[0].level != 1:
        yield Finding(pair.page, 1, "there is no title", "begin with: # Title")
    paragraphs = [block for block in blocks if not block.level and not block.only_ids]
    if len(paragraphs) != 1:
        yield Finding(
            pair.page,
            paragraphs[1].start + 1 if paragraphs else 1,
            f"{len(paragraphs)} paragraphs stand under the title",
            "write one: what this is, and when you need it",
        )

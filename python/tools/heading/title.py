"""The title of a page, and the paragraph below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.heading.part import Part, Said
from tools.page import TITLE, Page, line, only_ids


class Title(Part):
    """What this is, and when you need it."""

    name = TITLE

    def check(self, facts: Facts, pair: Pair) -> Iterator[Said]:
        """A title, and one paragraph."""
        blocks = facts.page(pair).parts.get(TITLE, [])
        if not blocks or blocks[0].tag != "h1":
            yield 1, "there is no title", "begin with: # Title"
        others = [b for b in blocks if b.type != "heading" and not only_ids(b)]
        if len(others) != 1:
            message = f"{len(others)} paragraphs stand under the title"
            advice = "write one: what this is, and when you need it"
            yield line(others[1]) if others else 1, message, advice


def first_sentence(page: Page) -> str:
    """The catalogue's line: the first sentence, links as their words."""
    first = [b for b in page.parts.get(TITLE, []) if b.type == "paragraph"][:1]
    words = re.sub(
        r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(page.source(first).split())
    )
    sentence = re.match(r".*?[.!?](?= |$)", words)
    return sentence[0] if sentence else words

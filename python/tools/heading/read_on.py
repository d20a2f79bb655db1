"""Read on: the official documentation, pages near by, the previous and the next."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE
from tools.heading.part import Part, Said
from tools.page import every, href, line, words
from tools.source import TITLES

_LAST = re.compile(r"^- (Previous:|Next:|\[All concepts\]).*\n?", re.MULTILINE)


class ReadOn(Part):
    """Written by the author, but for the last line."""

    name = "Read on"
    stale = "the last line does not lead to the neighbours in the catalogue"
    advice = f"{WRITE} (the order of the pages is that of the rows in docs/README.md)"

    def text(self, facts: Facts, pair: Pair) -> str | None:
        """What the author wrote, and a last line that leads on."""
        if not (written := super().text(facts, pair)):
            return None
        pages = [p for p in facts.pairs if p.page in facts.texts]
        at = pages.index(pair)
        links = ["[All concepts](../README.md)"]
        for word, others in (
            ("Next", pages[at + 1 :][:1]),
            ("Previous", pages[:at][-1:]),
        ):
            for other in others:
                path = os.path.relpath(other.page, pair.page.parent).replace(
                    os.sep, "/"
                )
                links.insert(0, f"{word}: [{facts.title(other)}]({path})")
        return f"{_LAST.sub('', written).rstrip()}\n- {' · '.join(links)}"

    def check(self, facts: Facts, pair: Pair) -> Iterator[Said]:
        """Documentation for both languages."""
        blocks = facts.page(pair).parts.get(self.name, [])
        items = [item for block in blocks for item in every(block, "list_item")]
        for title in TITLES.values() if blocks else ():
            its = [item for item in items if words(item).startswith(f"{title}:")]
            links = [href(link) for item in its for link in every(item, "link")]
            if not any(link.startswith("https://") for link in links):
                message = f"there is no link to the documentation of {title}"
                advice = f"add an item that begins so: - {title}: [Title](https://…)"
                yield line(blocks[0]), message, advice

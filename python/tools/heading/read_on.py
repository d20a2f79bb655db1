"""Read on: the official documentation, pages near by, the previous and the next."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE, Finding
from tools.page import Page, parts
from tools.source import TITLES

NAME = "Read on"
STALE = "the last line does not lead to the neighbours in the catalogue"
ADVICE = f"{WRITE} (the order of the pages is that of the rows in docs/README.md)"
_DERIVED = re.compile(r"^- (Previous:|Next:|\[All concepts\]).*\n?", re.MULTILINE)


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """What the author wrote, and a last line that leads on."""
    blocks = parts(page).get(NAME)
    if not blocks:
        return None
    pages = [p for p in facts.pairs if p.page in facts.texts]
    at = pages.index(pair)
    near = {"Previous": pages[at - 1 : at], "Next": pages[at + 1 : at + 2]}
    links = [
        f"{word}: [{facts.title(other)}]({_path(pair, other)})"
        for word, others in near.items()
        for other in others
    ]
    last = " · ".join([*links, "[All concepts](../README.md)"])
    return f"{_DERIVED.sub('', page.source(blocks)).rstrip()}\n- {last}"


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """Official documentation for both languages."""
    if not (blocks := parts(page).get(NAME)):
        return
    items = [item for block in blocks for item in block.items]
    for title in TITLES.values():
        if not any(
            item.text.startswith(f"{title}:")
            and any(link.href.startswith("https://") for link in item.links)
            for item in items
        ):
            yield Finding(
                pair.page,
                blocks[0].start + 1,
                f"there is no link to the documentation of {title}",
                f"add an item that begins so: - {title}: [Title](https://…)",
            )


def _path(pair: Pair, other: Pair) -> str:
    return os.path.relpath(other.page, pair.page.parent).replace(os.sep, "/")

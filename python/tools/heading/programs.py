"""The two programs of a page, each under a link to its file."""

from __future__ import annotations

from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding
from tools.page import FENCES, Page, fence, parts
from tools.page import PROGRAMS as NAME
from tools.source import LANGUAGES

__all__ = ["NAME", "STALE", "check", "text"]
STALE = "the programs on the page are not those in the files"


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """Both programs as they stand in their files."""
    blocks = []
    for language in LANGUAGES:
        path = pair.program(language)
        if path not in facts.texts:
            return None
        blocks.append(f"[{facts.name(path)}](../../{facts.name(path)})")
        blocks.append(fence(FENCES[language], facts.texts[path]))
    return "\n\n".join(blocks)


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """No program but the two."""
    for block in parts(page).get(NAME, []):
        if block.kind == "fence" and block.language not in FENCES.values():
            yield Finding(
                pair.page,
                block.start + 1,
                f"a fence `{block.language}` stands above the first ##",
                "only the two programs stand there: put it into a claim",
            )

"""What all parts of a page have in common."""

from __future__ import annotations

from collections.abc import Iterable

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE

Said = tuple[int, str, str]  # the line, from 1; what is wrong; what to do


class Part:
    """A part of a page: how it must read, and what only its author can mend."""

    name = ""
    # What is wrong where it does not read as `text` says, and what to do.
    stale = "a word of the glossary is not linked where it first stands"
    advice = WRITE

    def text(self, facts: Facts, pair: Pair) -> str | None:
        """How it must read, by default as it does; None: that cannot be said."""
        blocks = facts.page(pair).parts.get(self.name)
        return facts.page(pair).source(blocks) if blocks else None

    def check(self, facts: Facts, pair: Pair) -> Iterable[Said]:
        """What its author must mend."""
        return ()

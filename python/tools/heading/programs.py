"""The two programs of a page, each under a link to its file."""

from __future__ import annotations

from tools.catalogue import Pair
from tools.facts import Facts
from tools.heading.part import Part
from tools.page import FENCES, PROGRAMS, fence


class Programs(Part):
    """Nobody writes them by hand."""

    name = PROGRAMS
    stale = "the programs on the page are not those in the files"

    def text(self, facts: Facts, pair: Pair) -> str | None:
        """Both programs as they stand in their files."""
        paths = {name: pair.program(language) for language, name in FENCES.items()}
        if not facts.texts.keys() >= {*paths.values()}:
            return None
        return "\n\n".join(
            f"[{facts.name(path)}](../../{facts.name(path)})\n\n"
            + fence(name, facts.text(path))
            for name, path in paths.items()
        )

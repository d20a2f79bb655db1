"""What the API saw: the requests of both programs, drawn in lanes."""

from __future__ import annotations

from tools import addresses
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE
from tools.heading.part import Part
from tools.lanes import draw
from tools.page import anchor, fence, ids
from tools.source import TITLES


class WhatTheApiSaw(Part):
    """From a real run. It is absent where there were no requests."""

    name = "What the API saw"
    stale = "the drawing is not what the API saw"
    advice = f"mend the program; or, where the new drawing is right, {WRITE}"

    def text(self, facts: Facts, pair: Pair) -> str | None:
        """The drawing. Without requests nothing but the address that it once had."""
        if not (runs := facts.ran(pair)):
            return None
        if drawing := draw(
            {TITLES[language]: run.log for language, run in runs.items()}
        ):
            return f"## {self.name}\n\n{fence('text', drawing)}"
        name = anchor(self.name)
        was = f"{facts.name(pair.page)}#{name}" in addresses.listed(facts)
        kept = any(name in ids(block) for block in facts.page(pair).blocks)
        return f'<a id="{name}"></a>' if was and not kept else ""

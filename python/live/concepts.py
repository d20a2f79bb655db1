"""What the site has, for programs: concepts.json."""

from __future__ import annotations

import json
from typing import Any

from live.names import names_of
from live.sphinx_pages import why_not
from tools.catalogue import ROOT, Pair, find_pairs
from tools.heading.line_by_line import rows
from tools.heading.run_line import PROVEN
from tools.heading.title import first_sentence
from tools.page import Page, codes, parse, words
from tools.source import LANGUAGES


def concepts() -> dict[str, Any]:
    """Every pair, in the order of the catalogue; addresses from the site's root."""
    proven = json.loads((ROOT / PROVEN).read_text("utf-8"))
    return {"proven_on": proven, "concepts": [concept(p) for p in find_pairs()]}


def concept(pair: Pair) -> dict[str, Any]:
    """One pair."""
    page = parse(pair.page.read_text("utf-8"))
    why = why_not(pair)
    return {
        "name": pair.name,
        "title": page.title,
        "chapter": pair.chapter,
        "about": about(page),
        "address": f"{pair.name}.html",
        "embed": f"embed/{pair.name}.html",
        "constructs": constructs(page),
        "phrasebook": names_of(pair),
        "files": [file.relative_to(ROOT).as_posix() for file in pair.files],
        "runs_in_page": why is None,
        "why_not": why,
    }


def about(page: Page) -> str:
    """The first sentence of a page, as plain text."""
    return "".join(words(block) for block in parse(first_sentence(page)).blocks)


def constructs(page: Page) -> dict[str, list[str]]:
    """The code in each language's column of "Line by line", each once."""
    found: dict[str, dict[str, None]] = {language: {} for language in LANGUAGES}
    for _, *cells in rows(page)[1:]:
        for language, cell in zip(LANGUAGES, cells, strict=True):
            found[language] |= dict.fromkeys(codes(cell))
    return {language: [*some] for language, some in found.items()}

"""Output: what the programs print."""

from __future__ import annotations

from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE, Finding
from tools.page import Block, Page, fence, parts
from tools.source import LANGUAGES, TITLES

NAME = "Output"
STALE = "the programs print something else than the page says"
ADVICE = f"mend the program; or, where the new output is right, {WRITE}"
_LABELS = {f"{title}:": language for language, title in TITLES.items()}


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """One fence where both print the same, else one for each; then the author's."""
    runs = facts.ran(pair)
    if not runs:
        return None
    prints = {language: run.stdout for language, run in runs.items()}
    blocks = [f"## {NAME}"]
    for language in LANGUAGES:
        if len(set(prints.values())) > 1:
            blocks.append(f"{TITLES[language]}:")
        blocks.append(fence("text", prints[language]))
    if len(set(prints.values())) == 1:
        blocks.pop()
    rest = [b for b in parts(page).get(NAME, [])[1:] if not _derived(b)]
    return "\n\n".join([*blocks, *([page.source(rest)] if rest else [])])


def shown(page: Page) -> dict[str, str]:
    """What the page says that each language prints; empty where it does not."""
    found: dict[str, str] = {}
    label = ""
    for block in parts(page).get(NAME, []):
        if block.kind == "fence":
            for language in [label] if label else LANGUAGES:
                found.setdefault(language, block.body)
        label = _LABELS.get(block.text, "")
    return found


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """Nothing: all of it comes from runs."""
    yield from ()


def _derived(block: Block) -> bool:
    return block.kind == "fence" or block.text in _LABELS

"""The catalogue, the phrasebook and the pair that README.md shows."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from tools import page
from tools.facts import INDEXES, PHRASEBOOK, Facts, reading_order
from tools.source import LANGUAGES

CATALOGUE = re.compile(r"(<!-- catalogue -->\n).*?(<!-- /catalogue -->)", re.DOTALL)
SHOWN = re.compile(r"(<!-- pair: (\S+) -->\n).*?(<!-- /pair -->)", re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")

_PHRASEBOOK = """\
# Phrasebook

How to say it in the other language: every table *Line by line* in one place.
Each line stands word for word in a program that runs.
"""


def derived(facts: Facts) -> dict[Path, str]:
    """The true text of every file that is collected from the pages."""
    texts = {facts.root / PHRASEBOOK: _phrasebook(facts)}
    for name in INDEXES:
        path = facts.root / name
        if path in facts.texts:
            text = SHOWN.sub(lambda found: _shown(facts, found), facts.texts[path])
            if place := CATALOGUE.search(text):
                catalogue = _catalogue(facts, name, text[: place.start()])
                filled = _between(place[1], catalogue, place[2])
                text = text[: place.start()] + filled + text[place.end() :]
            texts[path] = text
    return texts


def chapter_title(chapter: str) -> str:
    """`feed` is called Feed."""
    return chapter.replace("-", " ").capitalize()


def _between(before: str, text: str, after: str) -> str:
    return f"{before}\n{text.strip()}\n\n{after}"


def _catalogue(facts: Facts, name: str, before: str) -> str:
    """A table for each chapter, below the last heading of the text `before`."""
    up = "../" * name.count("/")
    headings = re.findall(r"^(#+) ", before, re.MULTILINE)
    level = "#" * (len(headings[-1]) + 1 if headings else 2)
    lines = []
    for chapter, pairs in groupby(reading_order(facts), lambda pair: pair.chapter):
        lines += [f"{level} {chapter_title(chapter)}", ""]
        lines += ["| Concept | What it is | Programs |", "| --- | --- | --- |"]
        for pair in pairs:
            link = _relative(facts, pair.page, up)
            python = _relative(facts, pair.python, up)
            javascript = _relative(facts, pair.javascript, up)
            lines.append(
                f"| [{facts.title(pair)}]({link}) | {_summary(facts, pair.page)} "
                f"| [Python]({python}) [JavaScript]({javascript}) |"
            )
        lines.append("")
    return "\n".join(lines)


def _relative(facts: Facts, path: Path, up: str) -> str:
    name = facts.name(path)
    return name.removeprefix("docs/") if up and name.startswith("docs/") else up + name


def _summary(facts: Facts, path: Path) -> str:
    """The first sentence of a page, links as their text."""
    text = next(iter(page.paragraphs(page.sections(facts.texts[path])[0].lines)), "")
    sentence = re.match(r".*?[.!?](?= |$)", text)
    plain = _LINK.sub(r"\1", sentence[0] if sentence else text)
    return plain.replace("|", "\\|")


def _shown(facts: Facts, found: re.Match[str]) -> str:
    """The two programs of the pair that a marker names; as it was if unknown."""
    pair = next((p for p in facts.pairs if p.name == found[2]), None)
    if pair is None:
        return found[0]
    texts = [facts.texts.get(pair.program(language)) for language in LANGUAGES]
    if None in texts:
        return found[0]
    lines = []
    for language, text in zip(LANGUAGES, texts, strict=True):
        lines += [*page.fence(page.FENCES[language], text or ""), ""]
    return _between(found[1], "\n".join(lines), found[3])


def _phrasebook(facts: Facts) -> str:
    parts = [_PHRASEBOOK]
    for pair in reading_order(facts):
        section = page.find(facts.page(pair), "Line by line")
        _, rows = page.rows(section) if section else (None, [])
        if rows:
            table = ["| | Python | JavaScript |", "| --- | --- | --- |"]
            table += [f"| {' | '.join(row.cells)} |" for row in rows]
            link = f"{pair.name}.md#line-by-line"
            parts.append(f"## [{facts.title(pair)}]({link})\n")
            parts.append("\n".join(table) + "\n")
    return "\n".join(parts)

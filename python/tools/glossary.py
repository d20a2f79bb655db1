"""The glossary: what must hold of it, and the links of pages to its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from tools.facts import Facts
from tools.finding import Finding
from tools.page import BULLETS, TITLE, Block, Page, parse, parts

GLOSSARY = "docs/glossary.md"
_PROSE = (TITLE, BULLETS, "What differs")
# What is no prose in a paragraph: code, links, HTML.
_OTHER = r"(?P<mark>`+).*?(?<!`)(?P=mark)(?!`)|!?\[[^\]]*\]\([^)]*\)|<[^>]*>"


def linked(facts: Facts, page: Page) -> Page:
    """The page with the first of each word of the glossary as a link to it."""
    words = _words(facts.text(GLOSSARY))
    if not words:
        return page
    pattern = _pattern(tuple(words))
    lines = list(page.lines)
    seen: set[str] = set()

    def link(found: re.Match[str]) -> str:
        word = " ".join(found["word"].lower().split()) if found["word"] else ""
        if not word or words[word] in seen:
            return found[0]
        seen.add(words[word])
        return f"[{found['word']}](../glossary.md#{words[word]})"

    blocks = parts(page)
    for block in (block for name in _PROSE for block in blocks.get(name, [])):
        if block.kind in ("paragraph", "bullet_list") and _is_prose(block):
            text = "\n".join(lines[block.start : block.end])
            plain = _links_to(tuple(words)).sub(r"\1", text)
            lines[block.start : block.end] = pattern.sub(link, plain).split("\n")
    return replace(page, lines=lines)


def check(facts: Facts) -> Iterator[Finding]:
    """Two sentences for each word."""
    path = facts.root / GLOSSARY
    blocks = parse(facts.text(GLOSSARY)).blocks
    for i, block in enumerate(blocks):
        if block.level != 3:
            continue
        words = " ".join(
            below.text for below in blocks[i + 1 : i + 3] if below.kind == "paragraph"
        )
        if (count := len(re.findall(r"[.!?](?=\s|$)", words))) != 2:
            yield Finding(
                path,
                block.start + 1,
                f"“{block.text}” is not explained in two sentences, but in {count}",
                "write two: what it is, and what it is good for",
            )


def _is_prose(block: Block) -> bool:
    return not block.text.startswith("Proof:")


@cache
def _words(text: str) -> dict[str, str]:
    """Each word of the glossary and its plural, with its address."""
    found: dict[str, str] = {}
    page = parse(text)
    for block in page.blocks:
        if block.level == 3:
            word = block.text.lower()
            plural = re.sub(r"(?<=[^aeiou])y$", "ie", word)
            plural += "es" if re.search(r"(s|x|sh|ch)$", word) else "s"
            found |= dict.fromkeys((word, plural), page.anchor(block))
    return found


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Matches what is no prose, or a word, the longest first."""
    either = "|".join(
        re.escape(word).replace(r"\ ", r"\s+")
        for word in sorted(words, key=len, reverse=True)
    )
    word = rf"(?<![\w.-])(?P<word>{either})(?![\w-])"
    return re.compile(f"{_OTHER}|{word}", re.DOTALL | re.IGNORECASE)


@cache
def _links_to(words: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a link of ours: a word, as it stands in the prose, to the glossary."""
    either = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
    link = rf"\[({either})\]\(\.\./glossary\.md#[^)]*\)"
    return re.compile(link, re.IGNORECASE)

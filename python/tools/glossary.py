"""The glossary: what must hold of it, and the links of pages to its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tools.facts import Facts
from tools.finding import Finding
from tools.page import BULLETS, TITLE, Page, line, parse
from tools.page import words as text_of

GLOSSARY = "docs/glossary.md"
_PROSE = (TITLE, BULLETS, "What differs")
# What is no prose in a paragraph: code, links, HTML.
_OTHER = r"(?P<mark>`+).*?(?<!`)(?P=mark)(?!`)|!?\[[^\]]*\]\([^)]*\)|<[^>]*>"


def linked(facts: Facts, page: Page) -> str:
    """The text of a page, the first of each word of the glossary as a link."""
    addresses = _addresses(facts.text(GLOSSARY))
    if not addresses:
        return "\n".join(page.lines)
    seen: set[str] = set()

    def link(found: re.Match[str]) -> str:
        word = found["word"] or ""
        address = addresses.get(" ".join(word.lower().split()), "")
        if not address or address in seen:
            return found[0]
        seen.add(address)
        return f"[{word}](../glossary.md#{address})"

    words, ours = _patterns(tuple(addresses))
    lines = list(page.lines)
    for block in (block for name in _PROSE for block in page.parts.get(name, [])):
        is_prose = block.type in ("paragraph", "bullet_list")
        if is_prose and block.map and not text_of(block).startswith("Proof:"):
            first, end = block.map  # no line is added
            text = ours.sub(r"\1", "\n".join(lines[first:end]))
            lines[first:end] = words.sub(link, text).split("\n")
    return "\n".join(lines)


def check(facts: Facts) -> Iterator[Finding]:
    """Two sentences for each word."""
    blocks = parse(facts.text(GLOSSARY)).blocks
    for heading, *below in (blocks[i : i + 2] for i in range(len(blocks))):
        text = "".join(text_of(b) for b in below if b.type == "paragraph")
        count = len(re.findall(r"[.!?](?=\s|$)", text))
        if heading.tag == "h3" and count != 2:
            message = f"“{text_of(heading)}” is not explained in two sentences"
            advice = "write two: what it is, and what it is good for"
            yield Finding(facts.root / GLOSSARY, line(heading), message, advice)


@cache
def _addresses(text: str) -> dict[str, str]:
    """Each word of the glossary and its plural, with its address."""
    found: dict[str, str] = {}
    for address, block in parse(text).anchors.items():
        word = text_of(block).lower()
        plural = re.sub(r"(?<=[^aeiou])y$", "ie", word)
        plural += "es" if re.search(r"(s|x|sh|ch)$", word) else "s"
        if block.tag == "h3":
            found |= dict.fromkeys((word, plural), address)
    return found


@cache
def _patterns(words: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What matches no prose or a word, and what matches a link of ours to one."""
    longest = sorted(words, key=len, reverse=True)
    either = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest)
    word = rf"(?<![\w.-])(?P<word>{either})(?![\w-]|\.\w)"
    ours = rf"\[({either})\]\(\.\./glossary\.md#[^)]*\)"
    flags = re.DOTALL | re.IGNORECASE
    return re.compile(f"{_OTHER}|{word}", flags), re.compile(ours, flags)

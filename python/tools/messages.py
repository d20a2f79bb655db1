"""The messages that people paste: each is proven by a test of the page it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts, target
from tools.finding import Finding, nearest
from tools.heading.what_differs import claims
from tools.page import Node, codes, every, href, line, parse, words
from tools.source import LANGUAGES, has, literals

MESSAGES = "docs/messages.md"


def check(facts: Facts) -> Iterator[Finding]:
    """Each heading ### is a message: explained, linked to a claim, in a test."""
    sections: list[list[Node]] = []
    for block in parse(facts.text(MESSAGES)).blocks:
        if block.type == "heading":
            sections.append([])
        sections[-1].append(block)
    for heading, *blocks in sections:
        if heading.tag == "h3":
            message = (codes(heading) or [words(heading)])[0]
            for wrong, advice in _message(facts, message, blocks):
                said = f"“{message}” {wrong}"
                yield Finding(facts.root / MESSAGES, line(heading), said, advice)


def _message(facts: Facts, message: str, blocks: list[Node]) -> Iterator[list[str]]:
    if len(re.findall(r"[.!?](?=\s|$)", " ".join(map(words, blocks)))) < 2:
        yield ["is not explained", "say what it means and what cures it"]
    pairs = {pair.page: pair for pair in facts.pairs}
    proving = []
    for link in (href(link) for block in blocks for link in every(block, "link")):
        pair = pairs.get(target(facts.root / MESSAGES, link))
        found = claims(facts.page(pair)) if pair else []
        if pair and any(link.partition("#")[2] in claim.anchors for claim in found):
            proving.append(pair)
    if not proving:
        advice = "link to it: [words](chapter/page.md#the-claim)"
        yield ["does not lead to the claim that proves it", advice]
    elif not any(_says(facts, pair, message) for pair in proving):
        texts = (facts.text(p.test(x)) for p in proving for x in LANGUAGES)
        lines = {text_line.strip() for text in texts for text_line in text.splitlines()}
        advice = "make it a literal in a test there, with … here for what varies; "
        near = nearest(message, lines, 1)
        yield [f"stands in no test of {proving[0].name}", advice + near]


def _says(facts: Facts, pair: Pair, message: str) -> bool:
    """Whether a test of the pair has the message; its class may stand elsewhere."""
    kind, _, rest = message.partition(": ")
    for text in (literals(facts.text(pair.test(language))) for language in LANGUAGES):
        by_class = (
            rest and re.search(rf"\b{re.escape(kind)}\b", text) and has(text, rest)
        )
        if by_class or has(text, message):
            return True
    return False

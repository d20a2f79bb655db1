"""The messages that people paste: each is proven by a test of the page it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts, target
from tools.finding import Finding, nearest
from tools.heading.what_differs import claims
from tools.page import Block, parse
from tools.source import LANGUAGES, has, literals

MESSAGES = "docs/messages.md"


def check(facts: Facts) -> Iterator[Finding]:
    """Each heading ### is a message: explained, linked to a claim, in a test."""
    path = facts.root / MESSAGES
    for heading, blocks in _sections(facts.text(MESSAGES)):
        message = (heading.codes or [heading.text])[0]
        line = heading.start + 1
        words = " ".join(b.text for b in blocks if b.kind == "paragraph")
        if len(re.findall(r"[.!?](?=\s|$)", words)) < 2:
            advice = "say what it means and what cures it, in two sentences or more"
            yield Finding(path, line, f"“{message}” is not explained", advice)
        pairs = list(_proving(facts, blocks))
        if not pairs:
            yield Finding(
                path,
                line,
                f"“{message}” does not lead to the claim that proves it",
                "link to it: [words](chapter/page.md#the-claim)",
            )
        elif not any(_says(facts, pair, message) for pair in pairs):
            tests = [pair.test(language) for pair in pairs for language in LANGUAGES]
            texts = [facts.texts.get(test, "") for test in tests]
            hint = nearest(
                message,
                {line.strip() for text in texts for line in text.splitlines()},
                n=1,
                cutoff=0.4,
            )
            yield Finding(
                path,
                line,
                f"“{message}” stands in no test of {pairs[0].name}",
                "make it a literal in a test there, word for word, or write … for "
                f"what varies{'; ' if hint else ''}{hint}",
            )


def _sections(text: str) -> Iterator[tuple[Block, list[Block]]]:
    """Each heading ### and the blocks below it."""
    blocks = parse(text).blocks
    for at, heading in enumerate(blocks):
        if heading.level == 3:
            below = at + 1
            while below < len(blocks) and not blocks[below].level:
                below += 1
            yield heading, list(blocks[at + 1 : below])


def _proving(facts: Facts, blocks: list[Block]) -> Iterator[Pair]:
    """The pairs to whose claims the blocks link."""
    pages = {pair.page: pair for pair in facts.pairs}
    for link in (link for block in blocks for link in block.links):
        pair = pages.get(target(facts.root / MESSAGES, link.href))
        known = claims(facts.page(pair)) if pair else []
        if pair and any(link.href.partition("#")[2] in c.anchors for c in known):
            yield pair


def _says(facts: Facts, pair: Pair, message: str) -> bool:
    """Whether a test of the pair has the message; its class may stand elsewhere."""
    kind, colon, rest = message.partition(": ")
    for language in LANGUAGES:
        text = literals(facts.texts.get(pair.test(language), ""))
        whole = has(text, message)
        by_class = colon and re.search(rf"\b{re.escape(kind)}\b", text)
        if whole or (by_class and has(text, rest)):
            return True
    return False

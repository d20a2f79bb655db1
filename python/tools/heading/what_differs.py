"""What differs: claims, each with the tests that prove it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tools import proof
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE
from tools.heading.output import shown
from tools.heading.part import Part, Said
from tools.page import FENCES, Node, Page, codes, ids, line, only_ids, words
from tools.source import LANGUAGES, literals

_COMMANDS = ("nox -s ", "python ", "node ", "taskset ")


@dataclass
class Claim:
    """A heading ### and what stands below it, up to the next."""

    heading: Node
    anchors: list[str]
    blocks: list[Node] = field(default_factory=list)  # without the heading


class WhatDiffers(Part):
    """Written by the author, but for the links to the tests."""

    name = "What differs"
    stale = (
        "a proof is not written out, does not name the line of its test, or a word "
        "of the glossary is not linked where it first stands"
    )
    advice = f"name the tests that prove it after “Proof:”, then {WRITE}"

    def text(self, facts: Facts, pair: Pair) -> str | None:
        """As its author wrote it, with the tests that are named made links."""
        page = facts.page(pair)
        texts = [page.source([block]) for block in page.parts.get(self.name, [])]
        for i, text in enumerate(texts):
            if text.startswith("Proof:"):
                texts[i] = proof.written(facts, pair, text)
        return "\n\n".join(texts) if texts else None

    def check(self, facts: Facts, pair: Pair) -> Iterator[Said]:
        """Every claim has a proof, every snippet stands in a program or a test."""
        page = facts.page(pair)
        found = claims(page)
        if not found and (blocks := page.parts.get(self.name)):
            advice = "write ### and a short claim, what it means, and Proof: test_name"
            yield line(blocks[0]), "there is no claim", advice
        for claim in found:
            title = words(claim.heading)
            proofs = [b for b in claim.blocks if words(b).startswith("Proof:")]
            if not proofs or proofs != claim.blocks[-1:]:
                message = f"“{title}” does not end with the tests that prove it"
                near = proof.like(title, facts.tests(pair, "python"))
                advice = f"end it with one paragraph: Proof: {near}"
                yield line(claim.heading), message, advice
            for block in claim.blocks:
                named = any(code.startswith(_COMMANDS) for code in codes(block))
                if block in proofs:
                    source = page.source([block])
                    yield from proof.check(facts, pair, source, line(block))
                elif block.type == "fence":
                    yield from _snippet(facts, pair, block)
                elif words(block).startswith("Measured:") and not named:
                    message = "what is measured does not say with which command"
                    advice = f"name it: `nox -s compare -- {pair.slug}`, for example"
                    yield line(block), message, advice


def claims(page: Page) -> list[Claim]:
    """The claims of a page in their order."""
    found: list[Claim] = []
    names: list[str] = []
    anchors = {block: name for name, block in page.anchors.items()}
    for block in page.parts.get(WhatDiffers.name, []):
        if only_ids(block):
            names += ids(block)
        elif block.tag == "h3":
            found.append(Claim(block, [*names, anchors[block]]))
            names = []
        elif found:
            found[-1].blocks.append(block)
    return found


def _snippet(facts: Facts, pair: Pair, block: Node) -> Iterator[Said]:
    """A snippet stands, but for its indent, in a program or a test of the pair."""
    lines = block.content.splitlines()
    if block.info == "text":
        where = "in the output or as a literal in a test"
        tests = (literals(facts.text(pair.test(language))) for language in LANGUAGES)
        texts = [*map(_flat, shown(facts.page(pair)).values()), *tests]
        lost = [text for text in lines if not any(_flat(text) in t for t in texts)]
    elif block.info in FENCES.values():
        language = next(x for x, name in FENCES.items() if name == block.info)
        paths = [pair.program(language), pair.test(language), *pair.files[3:]]
        where = f"in {facts.name(paths[0])} or {facts.name(paths[1])}"
        texts = [_without_indent(facts.text(path)) for path in paths]
        stands = any(_without_indent(block.content) in text for text in texts)
        lost = [] if stands else lines[:1]
    else:
        lost, where = [f"```{block.info}"], "among ```python, ```js and ```text"
    advice = "copy whole lines from there, word for word; the indent is free"
    for text in lost:
        message = f"the snippet “{text.strip()}” does not stand {where}"
        yield line(block), message, advice


def _flat(text: str) -> str:
    return " ".join(text.split())


def _without_indent(text: str) -> str:
    """Its lines, each between two newlines."""
    return "\n".join(["", *map(str.strip, text.splitlines()), ""])

"""What differs: claims, each with the tests that prove it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools import proof
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE, Finding
from tools.heading.output import shown
from tools.page import FENCES, Block, Page, parts
from tools.source import LANGUAGES, literals

NAME = "What differs"
STALE = "a proof is not written out, does not name the line of its test, or a word \
of the glossary is not linked where it first stands"
ADVICE = f"name the tests that prove it after “Proof:”, then {WRITE}"
PROOF, MEASURED = "Proof:", "Measured:"


@dataclass(frozen=True, slots=True)
class Claim:
    """A heading ### and what stands below it, up to the next."""

    title: str
    line: int  # from 1
    anchors: tuple[str, ...]
    blocks: tuple[Block, ...]  # without the heading


def claims(page: Page) -> list[Claim]:
    """The claims of a page in their order."""
    found: list[Claim] = []
    ids: list[str] = []
    for block in parts(page).get(NAME, []):
        if block.level == 3:
            anchors = (*ids, page.anchor(block))
            found.append(Claim(block.text, block.start + 1, anchors, ()))
        elif block.only_ids:
            ids += block.ids
            continue
        elif found:
            last = found.pop()
            blocks = (*last.blocks, block)
            found.append(Claim(last.title, last.line, last.anchors, blocks))
        ids = []
    return found


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """As its author wrote it, with the tests that are named made links."""
    blocks = parts(page).get(NAME)
    if not blocks:
        return None
    texts = []
    for block in blocks:
        source = page.source([block])
        is_proof = source.startswith(PROOF)
        texts.append(proof.written(facts, pair, source) if is_proof else source)
    return "\n\n".join(texts)


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """Every claim has a proof, every snippet stands in a program or a test."""
    blocks = parts(page).get(NAME)
    if blocks and not claims(page):
        yield Finding(
            pair.page,
            blocks[0].start + 1,
            "there is no claim",
            "write ### and a short claim, what it means, and Proof: with its tests",
        )
    for claim in claims(page):
        proofs = [b for b in claim.blocks if b.text.startswith(PROOF)]
        if len(proofs) != 1 or proofs[0] is not claim.blocks[-1]:
            known = list(facts.tests(pair, "python"))
            yield Finding(
                pair.page,
                claim.line,
                f"“{claim.title}” does not end with the tests that prove it",
                f"end it with one paragraph: Proof: {proof.like(claim.title, known)}",
            )
        for block in claim.blocks:
            if block.text.startswith(PROOF):
                yield from proof.check(facts, pair, page, block)
            elif block.text.startswith(MEASURED):
                yield from _measured(pair, block)
            elif block.kind == "fence":
                yield from _snippet(facts, pair, page, block)


def _measured(pair: Pair, block: Block) -> Iterator[Finding]:
    commands = ("nox -s ", "python ", "node ", "taskset ")
    if not any(code.startswith(commands) for code in block.codes):
        yield Finding(
            pair.page,
            block.start + 1,
            "what is measured does not say with which command",
            "name it in backquotes, such as `nox -s compare -- " + pair.slug + "`",
        )


def _snippet(facts: Facts, pair: Pair, page: Page, block: Block) -> Iterator[Finding]:
    """A snippet stands, but for its indent, in a program or a test of the pair."""
    languages = {name: language for language, name in FENCES.items()}
    if block.language == "text":
        where = "in the output or as a literal in a test"
        texts = [*shown(page).values()]
        texts += [literals(facts.texts.get(pair.test(x), "")) for x in LANGUAGES]
        there = [" ".join(text.split()) for text in texts]
        lost = [
            line
            for line in block.body.splitlines()
            if not any(" ".join(line.split()) in text for text in there)
        ]
    elif language := languages.get(block.language):
        paths = [pair.program(language), pair.test(language)]
        if pair.in_browser:
            paths = [pair.program(language), pair.python_test, pair.html]
        where = " or ".join(facts.name(path) for path in paths)
        body = _flat(block.body)
        stands = any(body in _flat(facts.texts.get(path, "")) for path in paths)
        lost = [] if stands else block.body.splitlines()[:1]
    else:
        lost, where = [f"```{block.language}"], "among ```python, ```js and ```text"
    for line in lost:
        yield Finding(
            pair.page,
            block.start + 1,
            f"the snippet “{line.strip()}” does not stand {_in(where)}",
            "copy whole lines from there, word for word; the indent is free",
        )


def _in(where: str) -> str:
    return where if re.match(r"in |among ", where) else f"in {where}"


def _flat(text: str) -> str:
    """The lines without their indent, each between two newlines."""
    return "\n".join(["", *map(str.strip, text.strip("\n").splitlines()), ""])

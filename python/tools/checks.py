"""What must hold of every pair. Each check yields findings that say what to do."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import addresses, glossary, indexes, messages, pages, phrasebook, rules
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding
from tools.runs import LIMIT
from tools.source import LANGUAGES

_ROLES = (
    "Python program",
    "JavaScript program",
    "page",
    "Python test",
    "JavaScript test",
)


def static(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """Everything that can be said without running a program."""
    yield from _slugs(facts, chosen)
    for pair in chosen:
        yield from _files(facts, pair)
        yield from rules.check(facts, pair)
        yield from pages.check(facts, pair)
    yield from addresses.check(facts, chosen)
    yield from addresses.check_links(facts, chosen)
    if len(chosen) == len(facts.pairs):
        yield from indexes.check(facts)
        yield from glossary.check(facts)
        yield from messages.check(facts)
        yield from phrasebook.check(facts)


def ran(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """What is wrong with a run itself, whatever the page says."""
    for pair in chosen:
        for language in LANGUAGES:
            run = facts.runs.get((pair, language))
            if run is None or run.fine:
                continue
            if run.exit_code is None:
                message = f"still running after {LIMIT} s, killed"
            elif run.exit_code:
                message = f"failed with exit code {run.exit_code}"
            elif run.stderr:
                message = "wrote to stderr"
            else:
                message = run.problem
            said = "".join(
                f"{name}:\n{text}"
                for name, text in (("stdout", run.stdout), ("stderr", run.stderr))
                if text
            )
            program = pair.program(language)
            advice = f"mend it; to see it alone: nox -s compare -- {pair.slug}"
            yield Finding(program, 0, message, advice, said)


def _slugs(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    counts = Counter(pair.slug for pair in facts.pairs)
    for pair in chosen:
        if counts[pair.slug] > 1:
            others = [p.name for p in facts.pairs if p.slug == pair.slug and p != pair]
            yield Finding(
                _first(facts, pair),
                0,
                f"the slug {pair.slug} is taken by {', '.join(others)} too",
                "rename one: a slug names one concept",
            )
        if pair.module in sys.stdlib_module_names:
            yield Finding(
                _first(facts, pair),
                0,
                f"{pair.module} is a module of the standard library",
                "choose another slug: the program would hide the module",
            )


def _first(facts: Facts, pair: Pair) -> Path:
    return next((path for path in pair.files if path in facts.texts), pair.page)


def _files(facts: Facts, pair: Pair) -> Iterator[Finding]:
    there = [path for path in pair.files if path in facts.texts]
    if not there:
        yield Finding(
            pair.page,
            0,
            "files of this name exist, but none is spelt as it must be",
            f"rename them: {', '.join(facts.name(path) for path in pair.files)}",
        )
        return
    names = ", ".join(facts.name(path) for path in there)
    programs = [pair.python, pair.javascript]
    if not any(path in there for path in programs):
        missing = " and ".join(facts.name(path) for path in programs)
        role = "page" if pair.page in there else "test"
        yield Finding(
            there[0],
            0,
            f"a {role} without a program: {missing} are missing",
            f"write both programs, or remove {names}",
        )
        return
    for path, role in zip(pair.files, _ROLES, strict=True):
        if path not in there:
            yield Finding(
                path,
                0,
                f"missing: the {role} of {pair.name}",
                f"write it, or remove the rest of the pair: {names}",
            )

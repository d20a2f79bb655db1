"""What must hold of every pair. Each check yields findings that say what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from tools import addresses, glossary, indexes, messages, pages, phrasebook, rules
from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding
from tools.programs import failure
from tools.runs import LIMIT

_ROLES = ("Python program", "JavaScript program", "page", "Python test", "other test")


def static(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """Everything that can be said without running a program."""
    for pair in chosen:
        yield from _files(facts, pair)
        yield from rules.check(facts, pair)
        yield from pages.check(facts, pair)
    yield from addresses.check(facts, chosen)
    yield from addresses.check_links(facts, chosen)
    if len(chosen) == len(facts.pairs):
        for collected in (indexes, glossary, messages, phrasebook):
            yield from collected.check(facts)


def ran(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """What is wrong with a run itself, whatever the page says."""
    for (pair, language), run in facts.runs.items():
        if pair not in chosen or run.fine:
            continue
        if run.exit_code is None:
            message = f"still running after {LIMIT} s, killed"
        elif run.exit_code:
            message = failure(run.exit_code)
        else:
            message = "wrote to stderr" if run.stderr else run.problem
        said = {"stdout": run.stdout, "stderr": run.stderr}
        shown = "".join(f"{name}:\n{text}" for name, text in said.items() if text)
        advice = f"mend it; to see it alone: nox -s compare -- {pair.slug}"
        yield Finding(pair.program(language), 0, message, advice, shown)


def _files(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """All five are there, and the slug is free."""
    there = [path for path in pair.files if path in facts.texts]
    names = ", ".join(map(facts.name, there)) or "files of another spelling"
    for path, role in zip(pair.files, _ROLES, strict=True):
        if path not in there:
            advice = f"write it, or remove the rest of the pair: {names}"
            yield Finding(path, 0, f"missing: the {role} of {pair.name}", advice)
    first = (there or [pair.page])[0]
    for other in facts.pairs:
        if other.slug == pair.slug and other != pair:
            message = f"the slug {pair.slug} is taken by {other.name}, too"
            yield Finding(first, 0, message, "rename one: a slug names one concept")
    if pair.module in sys.stdlib_module_names:
        message = f"{pair.module} is a module of the standard library"
        advice = "choose another slug: the program would hide the module"
        yield Finding(first, 0, message, advice)

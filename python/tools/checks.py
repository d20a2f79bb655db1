"""What must hold of every pair. Each check yields findings that say what to do."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import versions
from tools.catalogue import Pair
from tools.checks_code import check_programs, check_tests
from tools.checks_page import (
    check_chain,
    check_claims,
    check_fences,
    check_headings,
    check_line_by_line,
    check_markers,
    check_read_on,
)
from tools.facts import Facts
from tools.finding import Finding
from tools.runs import LIMIT
from tools.source import (
    LANGUAGES,
)

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
        yield from check_programs(facts, pair)
        yield from check_tests(facts, pair)
        if sections := facts.page(pair):
            yield from check_headings(pair, sections)
            yield from check_line_by_line(facts, pair, sections)
            yield from check_claims(facts, pair, sections)
            yield from check_read_on(facts, pair, sections)
    yield from check_fences(facts, chosen)
    if len(chosen) == len(facts.pairs):
        yield from check_chain(facts)
        yield from check_markers(facts)


def ran(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """What is wrong with a run itself, whatever the page says."""
    for pair in chosen:
        for name in versions.unknown(facts.texts.get(pair.page, ""), facts.versions):
            yield Finding(
                pair.page,
                0,
                f"a table of versions has a row {name} that nobody can fill in",
                "add it to version_answers.py or versions.js in the folders tools/",
            )
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
            advice = (
                f"mend it; to see it alone: python3 -m nox -s compare -- {pair.slug}"
            )
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

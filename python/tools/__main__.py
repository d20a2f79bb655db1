"""The command line: `python -m tools check|write|new`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from mock_api.lifeline import guard
from tools import checks, derive, versions
from tools.catalogue import ROOT, Pair, find_pairs
from tools.facts import Facts, read
from tools.finding import Finding, nearest
from tools.runs import run_pairs
from tools.source import LANGUAGES
from tools.starter import refusal, start
from tools.writing import put


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Do what the command line says; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _do(options, root)
    except KeyboardInterrupt:
        return 130
    except RuntimeError as error:
        return _refuse(str(error))


def _do(options: argparse.Namespace, root: Path) -> int:
    if options.do == "new":
        return new(root, options.name, options.title)
    facts = read(root)
    chosen = choose(facts, options.slug)
    if isinstance(chosen, str):
        return _refuse(chosen)
    do = check if options.do == "check" else write
    return do(facts, chosen, browser=options.browser)


def choose(facts: Facts, slugs: Sequence[str]) -> list[Pair] | str:
    """The pairs that `slugs` name, all without any; else what is wrong."""
    known = {p.name: [p] for p in facts.pairs}
    for pair in facts.pairs:
        known.setdefault(pair.slug, []).append(pair)
    for slug in slugs:
        if slug not in known:
            hint = nearest(slug, list(known))
            return f"unknown pair: {slug}" + (f"; {hint}" if hint else "")
    chosen = {pair for slug in slugs for pair in known[slug]}
    return [pair for pair in facts.pairs if pair in chosen or not slugs]


def check(facts: Facts, chosen: list[Pair], *, browser: bool = False) -> int:
    """Run the chosen pairs and verify everything; 1 where something is wrong.

    What runs in a browser is run only with `browser`: not every session has one.
    """
    # What needs no run is looked at while the programs run.
    with ThreadPoolExecutor(1) as aside:
        found = aside.submit(lambda: list(checks.static(facts, chosen)))
        now = _run(facts, chosen, browser)
    return _report(now, chosen, [*found.result(), *_after_runs(now, chosen)])


def write(facts: Facts, chosen: list[Pair], *, browser: bool = False) -> int:
    """Rewrite what derives from programs and runs, then check the rest."""
    facts = _run(facts, chosen, browser)
    for path, text in derive.texts(facts, chosen).items():
        if facts.texts.get(path) != text:
            put(path, text)
            print("wrote", facts.name(path))
    texts = read(facts.root).texts
    now = replace(facts, texts=texts)
    found = [*checks.static(now, chosen), *_after_runs(now, chosen)]
    return _report(now, chosen, found)


def new(root: Path, name: str, title: str) -> int:
    """Start a pair; 2 and nothing written where its name cannot be."""
    if why := refusal(root, find_pairs(root), name, title):
        return _refuse(why)
    pair = start(root, name, title)
    for path in pair.files:
        print("wrote", path.relative_to(root).as_posix())
    return write(read(root), [pair])


def _run(facts: Facts, chosen: list[Pair], browser: bool) -> Facts:
    """The facts with what the programs did, and what this version says."""
    pages = [facts.texts[pair.page] for pair in chosen if pair.page in facts.texts]
    with ThreadPoolExecutor(1) as aside:
        asked = aside.submit(versions.ask, pages)
        runs = run_pairs(pair for pair in chosen if browser or not pair.in_browser)
        return replace(facts, runs=runs, versions=asked.result())


def _after_runs(facts: Facts, chosen: list[Pair]) -> Iterator[Finding]:
    yield from checks.ran(facts, chosen)
    yield from derive.stale(facts, chosen)


def _report(facts: Facts, chosen: list[Pair], findings: list[Finding]) -> int:
    pages = sum(pair.page in facts.texts for pair in chosen)
    if not chosen:
        print("no pair was found: expected programs in python/ and javascript/")
        return 1
    for finding in sorted(set(findings)):
        print(finding.text(facts.root), end="\n\n")
    for pair in chosen:
        if pair.in_browser and not any(
            (pair, name) in facts.runs for name in LANGUAGES
        ):
            print(f"{pair.name} runs in a browser: python3 -m nox -s browser")
    counts = f"{_count(len(chosen), 'pair')}, {_count(len(facts.runs), 'program')} ran"
    if findings:
        print(f"{counts}, {_count(len(set(findings)), 'thing')} to mend")
        return 1
    print(f"{counts}, {_count(pages, 'page')} true")
    return 0


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line."""

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        self.exit(2, f"{message}; {usage}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m tools", description=__doc__)
    commands = parser.add_subparsers(dest="do", required=True)
    for do, purpose in (
        ("check", "run the programs and verify pages, tests and indexes"),
        ("write", "rewrite what pages derive from programs and runs"),
    ):
        command = commands.add_parser(do, help=purpose, description=purpose)
        command.add_argument(
            "slug", nargs="*", help="only these pairs: social-feed, feed/social-feed"
        )
        command.add_argument(
            "--browser", action="store_true", help="run those in a browser, too"
        )
    purpose = "write the five files of a new pair, ready to fill"
    command = commands.add_parser("new", help=purpose, description=purpose)
    command.add_argument("name", metavar="chapter/slug")
    command.add_argument("title", help='the title of its page: "Social feed"')
    return parser


if __name__ == "__main__":
    guard()
    sys.exit(main())

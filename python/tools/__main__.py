"""The command line: `python -m tools check|write|new`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from mock_api.lifeline import guard
from tools import addresses, checks, indexes, pages
from tools.catalogue import ROOT, Pair, find_pairs
from tools.facts import Facts, put, read
from tools.finding import WRITE, Finding, nearest
from tools.heading.run_line import PROVEN
from tools.picture import pictures
from tools.programs import node
from tools.rules import PLACEHOLDER
from tools.runs import run_pairs
from tools.starter import refusal, start

PICTURED = "basics/lazy-or-eager"  # README shows a run of it


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Do what the command line says; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.do == "new":
            return new(root, options.name, options.title)
        if options.do == "proven":
            put(root / PROVEN, proven(root, holds=options.answer == "yes"))
            return 0
        facts = read(root)
        chosen = choose(facts, options.slugs)
        do = check if options.do == "check" else write
        return do(facts, chosen, browser=options.browser)
    except KeyboardInterrupt:
        return 130
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2


def choose(facts: Facts, slugs: Sequence[str]) -> list[Pair]:
    """The pairs that `slugs` name, all without any; RuntimeError: what is wrong."""
    known = {word for pair in facts.pairs for word in (pair.slug, pair.name)}
    for slug in slugs:
        if slug not in known:
            raise RuntimeError(f"unknown pair: {slug}; {nearest(slug, known)}")
    return [p for p in facts.pairs if not slugs or {p.slug, p.name} & {*slugs}]


def check(facts: Facts, chosen: list[Pair], *, browser: bool = False) -> int:
    """Run the chosen pairs and verify everything; 1 where something is wrong.

    What runs in a browser is run only with `browser`: not every session has one.
    """
    # What needs no run is looked at while the programs run.
    with ThreadPoolExecutor(1) as aside:
        found = aside.submit(lambda: list(checks.static(facts, chosen)))
        now = _run(facts, chosen, browser)
    return _report(now, chosen, {*found.result(), *_after_runs(now, chosen)})


def write(facts: Facts, chosen: list[Pair], *, browser: bool = False) -> int:
    """Rewrite what derives from programs and runs, then check the rest.

    What is collected from all pages is written only where all are chosen.
    """
    now = _written(_run(facts, chosen, browser), chosen)
    found = {*checks.static(now, chosen), *_after_runs(now, chosen)}
    return _report(now, chosen, found)


def new(root: Path, name: str, title: str) -> int:
    """Start a pair; RuntimeError and nothing written where its name cannot be."""
    if why := refusal(root, find_pairs(root), name, title):
        raise RuntimeError(why)
    pair = start(root, name, title)
    for path in pair.files:
        print("wrote", path.relative_to(root).as_posix())
    facts = read(root)
    _written(_run(facts, [pair]), [pair])
    print(f"Fill in every {PLACEHOLDER}, then run: nox -s docs -- --write {pair.name}")
    return 0


def proven(root: Path, *, holds: bool) -> str:
    """The noted versions with this Python and this Node, or without them."""
    said = subprocess.run([node(), "--version"], capture_output=True, check=True)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    here = {"Python": python, "Node": said.stdout.decode()[1:].partition(".")[0]}
    file = root / PROVEN
    noted = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    for name, version in here.items():
        versions = {*noted.get(name, [])} - {version} | ({version} if holds else set())
        noted[name] = sorted(versions, key=lambda v: [int(n) for n in v.split(".")])
    return json.dumps(noted) + "\n"


def _written(facts: Facts, chosen: Sequence[Pair]) -> Facts:
    """Write all that derives from the facts; the facts as they are then."""
    there = [pair for pair in chosen if pair.page in facts.texts]
    texts = {pair.page: pages.written(facts, pair) for pair in there}
    now = replace(facts, texts=facts.texts | texts)
    if len(chosen) == len(facts.pairs):
        texts |= indexes.written(now)
        now = replace(facts, texts=facts.texts | texts)
    texts[facts.root / addresses.ADDRESSES] = addresses.written(now)
    texts |= _pictures(facts, chosen)
    for path, text in texts.items():
        if not path.is_file() or path.read_text("utf-8") != text:
            put(path, text)
            print("wrote", facts.name(path))
    return replace(facts, texts=facts.texts | texts)


def _pictures(facts: Facts, chosen: Sequence[Pair]) -> dict[Path, str]:
    """The pictures that README shows, if their pair is chosen and has run."""
    pair = next((pair for pair in chosen if pair.name == PICTURED), None)
    return pictures(pair, facts.runs) if pair and facts.ran(pair) else {}


def _run(facts: Facts, chosen: Sequence[Pair], browser: bool = False) -> Facts:
    """The facts with what the programs did."""
    runs = run_pairs(pair for pair in chosen if browser or not pair.in_browser)
    return replace(facts, runs=runs)


def _after_runs(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    yield from checks.ran(facts, chosen)
    for pair in chosen:
        yield from pages.stale(facts, pair)
    for path, svg in _pictures(facts, chosen).items():
        if not path.is_file() or path.read_text("utf-8") != svg:
            yield Finding(path, 0, "the picture does not show what the run did", WRITE)


def _report(facts: Facts, chosen: Sequence[Pair], findings: set[Finding]) -> int:
    if not chosen:
        print("no pair was found: expected programs in python/ and javascript/")
        return 1
    for finding in sorted(findings):
        print(finding.text(facts.root), end="\n\n")
    for pair in chosen:
        if pair.in_browser and (pair, "python") not in facts.runs:
            print(f"{pair.name} runs in a browser: nox -s browser")
    counts = f"{_count(len(chosen), 'pair')}, {_count(len(facts.runs), 'program')} ran"
    if findings:
        print(f"{counts}, {_count(len(findings), 'thing')} to mend")
        return 1
    print(f"{counts}, {_count(len(chosen), 'page')} true")
    return 0


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


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
        command.add_argument("slugs", nargs="*", help="only these: social-feed")
        command.add_argument(
            "--browser", action="store_true", help="run those in a browser, too"
        )
    purpose = "write the five files of a new pair, ready to fill"
    command = commands.add_parser("new", help=purpose, description=purpose)
    command.add_argument("name", metavar="chapter/slug")
    command.add_argument("title", help='the title of its page: "Social feed"')
    purpose = "note whether all holds on this Python and this Node"
    command = commands.add_parser("proven", help=purpose, description=purpose)
    command.add_argument("answer", choices=("yes", "no"))
    return parser


if __name__ == "__main__":
    guard()
    sys.exit(main())

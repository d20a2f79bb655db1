"""Run both programs of a pair side by side: `python -m tools.compare [slug]`.

A terminal shows each printed line and each request as it happens; whatever else
reads the output gets plain lines.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import Lock
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from mock_api.client import LogEntry
from mock_api.lifeline import guard
from tools.catalogue import ROOT, Pair, find_pairs
from tools.compare_side import Side, begin, harmless, outcome, relative
from tools.compare_view import live
from tools.finding import nearest
from tools.picture import pictures
from tools.runs import News, Program, Runs, run_pairs
from tools.source import LANGUAGES, TITLES

HELP = """\
exit code:
  0    both programs printed what the page says
  1    one did not, or did not end within --limit
  2    nothing can be run; one line says why
  130  Ctrl-C or SIGTERM has stopped them
nox ends with 1 where this ends with 2, or after a SIGTERM with 130."""


def compare(pair: Pair, limit: float = math.inf, *, svg: bool = False) -> int:
    """Run the pair and show it, with `svg` as two files, too; the exit code."""
    sides = {language: begin(pair, language) for language in LANGUAGES}
    console, lock = Console(), Lock()
    on_screen = sys.stdout.isatty() and not console.is_dumb_terminal
    ran: Runs = {}

    def tell(program: Program, news: News) -> None:
        with lock:
            side = sides[program[1]]
            side.note(news)
            if not on_screen:
                _print(side, news)

    following = live([*sides.values()], console, lock) if on_screen else nullcontext()
    with following, suppress(KeyboardInterrupt):
        ran = run_pairs([pair], limit, tell)
    console.print(_conclusion([*sides.values()], limit), soft_wrap=True)
    if not ran:
        return 130
    if any(side.wrong(limit) for side in sides.values()):
        return 1
    for path, text in pictures(pair, ran).items() if svg else ():
        path.write_text(text, encoding="utf-8")
        print(f"Wrote      {relative(pair, path)}")
    return 0


def _conclusion(sides: list[Side], limit: float) -> Text:
    said = Text()
    for side in sides:
        if wrong := side.wrong(limit):
            said.append(f"{TITLES[side.language]:10} ✗ {wrong}\n", "red")
        else:
            line = f"{TITLES[side.language]:10} ✓ printed what the page says\n"
            said.append(line, "green")
        said.append("".join(f"    {detail}\n" for detail in side.details()))
    asks = any(side.asks for side in sides)
    first = "request; earlier lines have no time" if asks else "line"
    said.append(f"Times      0 ms is each program's first {first}\n")
    return said.append(f"Page       {relative(sides[0].pair, sides[0].pair.page)}")


def _print(side: Side, news: News) -> None:
    """Print a plain line for a printed line, a request or a warning."""
    who, when = side.language, ""
    if isinstance(news, str):
        moment, what = side.lines[-1]
        when = "" if (ms := side.ms(moment)) is None else f"{ms} ms"
    elif isinstance(news, LogEntry) and news.ended is not None:
        who, what = f"api {who}", f"{harmless(news.label)}  {outcome(news)}"
        when = "{}-{} ms".format(*side.span(news, news.ended))
    elif isinstance(news, float) and side.slow:
        what = side.slow
    else:
        return
    print(f"{who:14} {when:>12}  {what}", flush=True)


def find(slug: str, root: Path = ROOT) -> Pair:
    """The pair called `slug` or `chapter/slug`.

    Where there is none, or a program is missing: one line, and exit code 2.
    """
    pairs = find_pairs(root)
    found = [pair for pair in pairs if slug in (pair.slug, pair.name)]
    if not found:
        near = nearest(slug.split("/")[-1], [pair.slug for pair in pairs])
        _stop(f"No pair is called {harmless(slug)}; {near or 'docs/ has them all'}.")
    if len(found) > 1:
        _stop(f"Which {slug}? {' or '.join(pair.name for pair in found)}.")
    if found[0].in_browser:
        _stop(f"{slug} runs in a browser: nox -s browser -- --serve")
    for program in (found[0].python, found[0].javascript):
        if not program.is_file():
            _stop(f"{slug} cannot run: {relative(found[0], program)} is missing.")
    return found[0]


def _stop(problem: str) -> NoReturn:
    print(problem, file=sys.stderr)
    raise SystemExit(2)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line."""

    def error(self, message: str) -> NoReturn:
        _stop(f"{message}; {self.format_usage().strip()}")


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < (seconds := float(text)) < math.inf:
            return seconds
    wrong = f"expected a number of seconds above 0, not '{harmless(text)}'"
    raise argparse.ArgumentTypeError(wrong)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The command; `root` is the repository. Returns the exit code."""
    parser = _Parser(
        prog="nox -s compare --",
        description="Run both programs of a pair side by side.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "slug", nargs="?", default="social-feed", help="such as %(default)s"
    )
    parser.add_argument(
        "--limit",
        type=_seconds,
        default=math.inf,
        metavar="SECONDS",
        help="end a program after so long",
    )
    parser.add_argument(
        "--svg", action="store_true", help="draw it beside its page, too, without times"
    )
    options = parser.parse_args(arguments)
    try:
        return compare(find(options.slug, root), options.limit, svg=options.svg)
    except KeyboardInterrupt:
        return 130
    except RuntimeError as problem:
        _stop(str(problem))
    except BrokenPipeError:
        # Whoever read our output has left, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    guard()
    sys.exit(main())

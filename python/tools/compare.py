"""Run both programs of a pair side by side: `python -m tools.compare [slug]`.

A terminal shows each printed line and each request as it happens; whatever else
reads the output gets plain lines. The exit code is 0 where both programs printed
what the page says, otherwise 1; 2 where there is nothing to run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NoReturn

import httpx

from mock_api.client import LogEntry
from mock_api.process import server
from tools.catalogue import ROOT, Pair, find_pairs
from tools.compare_run import (
    Run,
    harmless,
    outcome,
    read_expected,
    relative,
    request_line,
    run_all,
    verdict,
)
from tools.database.process import database
from tools.finding import nearest
from tools.programs import needs_database
from tools.source import LANGUAGES


def compare(pair: Pair) -> bool:
    """Run the pair and show it; whether both printed what the page says."""
    runs = [Run(pair, language) for language in LANGUAGES]
    for run in runs:
        read_expected(run)
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        # Here, since what only plain lines need should start fast.
        from rich.console import Console

        from tools import compare_view

        console = Console()
        with _servers(pair) as urls, compare_view.live(runs, console):
            asyncio.run(run_all(runs, *urls, lambda *_: None))
        console.print(compare_view.view(runs, console.width))
        console.print(compare_view.conclusion(runs))
    else:
        with _servers(pair) as urls:
            asyncio.run(run_all(runs, *urls, _tell))
        _conclude(runs)
    return all(verdict(run).passed for run in runs)


@contextmanager
def _servers(pair: Pair) -> Iterator[tuple[str, str | None]]:
    """The URLs of the mock API and, where a program needs one, of a database."""
    needed = any(needs_database(pair, language) for language in LANGUAGES)
    with server() as url, database() if needed else nullcontext() as database_url:
        yield url, database_url


def _tell(run: Run, news: str | LogEntry) -> None:
    """Print what is new: a printed line, or a request that has ended."""
    if isinstance(news, str):
        moment, text = run.lines[-1]
        line = f"{run.language:10} {run.ms(moment):4} ms  {harmless(text)}"
    else:
        began, ended = run.ms(run.began(news)), run.ms(run.ended(news) or 0)
        line = f"api {run.language}  {request_line(news)}  {began}-{ended} ms"
        line += f"  {outcome(news)}"
    print(line, flush=True)


def _conclude(runs: list[Run]) -> None:
    for run in runs:
        passed, summary, details = verdict(run)
        print(f"{run.language:10} {'✓' if passed else '✗'} {summary}")
        for detail in details:
            print(f"    {detail}")
    print(f"{'page':10} {relative(runs[0].pair, runs[0].pair.page)}")


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


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The command; `root` is the repository. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="compare", description="Run both programs of a pair side by side."
    )
    parser.add_argument(
        "slug", nargs="?", default="social-feed", help="such as %(default)s"
    )
    pair = find(parser.parse_args(arguments).slug, root)
    code = 0
    try:
        code = 0 if compare(pair) else 1
    except* KeyboardInterrupt:
        code = 130
    except* httpx.HTTPError as problems:
        _stop(f"The mock API does not answer: {problems.exceptions[0]}")
    except* RuntimeError as problems:
        _stop(str(problems.exceptions[0]))
    except* BrokenPipeError:
        # Whoever read our output has left, as `head` does.
        code = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def stop_on_sigterm() -> None:
    """Treat SIGTERM, which nox sends to what does not stop soon, like Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


if __name__ == "__main__":
    stop_on_sigterm()
    sys.exit(main())

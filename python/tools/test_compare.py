"""`compare` with small pairs of the test's own: real processes, the real API."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from mock_api.client import LogEntry
from tools import compare, compare_view
from tools.catalogue import ROOT, Pair
from tools.compare_run import Run

ASK = """
import os, urllib.request
url = os.environ["API_URL"] + "/data"
print("Asking…")
urllib.request.urlopen(url).close()
print("Done.")
"""
ASK_JS = """
console.log("Asking…");
await (await fetch(process.env.API_URL + "/data")).text();
console.log("Done.");
"""
# A program that starts another one, which lives as long as its connection.
STAY = """
import subprocess, sys
connect = "import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"
subprocess.run([sys.executable, "-c", connect])
"""
STAY_JS = "import net from 'node:net'; net.connect({port}, '127.0.0.1');"
PAGE = "# Ask\n\n## Output\n\n```text\nAsking…\nDone.\n```\n"


@pytest.fixture
def write(tmp_path):
    """Write one pair, `basics/ask`, with other files than these if given."""

    def write(python=ASK, javascript=ASK_JS, page=PAGE) -> Pair:
        pair = Pair("basics", "ask", tmp_path)
        files = {pair.python: python, pair.javascript: javascript, pair.page: page}
        for path, text in files.items():
            if text is not None:
                path.parent.mkdir(parents=True)
                path.write_text(text, encoding="utf-8")
        return pair

    return write


def exit_code(tmp_path: Path, *arguments: str) -> object:
    try:
        return compare.main(list(arguments), tmp_path)
    except SystemExit as stopped:
        return stopped.code


def test_both_print_what_the_page_says(write, tmp_path, capsys):
    write()
    assert exit_code(tmp_path, "basics/ask") == 0
    lines = capsys.readouterr().out.splitlines()
    steady = [re.sub(r" +\d+(-\d+)? ms ", " 1 ms ", line) for line in lines]
    assert sorted(steady[:6]) == [
        "api javascript  GET /data 1 ms  200",
        "api python  GET /data 1 ms  200",
        "javascript 1 ms  Asking…",
        "javascript 1 ms  Done.",
        "python 1 ms  Asking…",
        "python 1 ms  Done.",
    ]
    assert steady[6:] == [
        "python     ✓ printed what the page says",
        "javascript ✓ printed what the page says",
        "page       docs/basics/ask.md",
    ]


def test_a_difference_from_the_page_is_shown(write, tmp_path, capsys):
    write(javascript=ASK_JS.replace("Done", "Ready"))
    assert exit_code(tmp_path, "ask") == 1
    out = capsys.readouterr().out
    assert "python     ✓ printed what the page says" in out
    assert out.endswith(
        "javascript ✗ printed something else than the page says\n"
        "    --- docs/basics/ask.md\n"
        "    +++ javascript/basics/ask.js\n"
        "    @@ -1,2 +1,2 @@\n"
        "     Asking…\n"
        "    -Done.\n"
        "    +Ready.\n"
        "page       docs/basics/ask.md\n"
    )


def test_a_failing_program_shows_its_own_traceback(write, tmp_path, capsys):
    write(python="print('Asking…')\n1 / 0\n", javascript="throw new Error('no')")
    assert exit_code(tmp_path, "ask") == 1
    out = capsys.readouterr().out
    assert "python     ✗ failed with exit code 1\n    Traceback" in out
    assert "    ZeroDivisionError: division by zero\n" in out
    assert "javascript ✗ failed with exit code 1\n" in out
    assert "Error: no\n" in out


def test_a_page_that_is_missing_or_says_nothing(write, tmp_path, capsys):
    pair = write(page=None)
    assert exit_code(tmp_path, "ask") == 1
    assert "✗ no page: docs/basics/ask.md is missing\n" in capsys.readouterr().out
    pair.page.parent.mkdir(parents=True)
    pair.page.write_bytes(b"\xff")
    assert exit_code(tmp_path, "ask") == 1
    assert "docs/basics/ask.md cannot be read: 'utf-8'" in capsys.readouterr().out
    pair.page.write_text("# Ask\n")
    assert exit_code(tmp_path, "ask") == 1
    assert "has no text fence under ## Output\n" in capsys.readouterr().out


def test_a_long_line_and_one_without_an_end_arrive_whole(write, tmp_path, capsys):
    long = "x" * 200_000
    write(
        python="print('x' * 200_000)\nprint('end', end='')",
        javascript="console.log('x'.repeat(200_000));process.stdout.write('end')",
        page=f"# Ask\n\n## Output\n\n```text\n{long}\nend\n```\n",
    )
    assert exit_code(tmp_path, "ask") == 0
    assert capsys.readouterr().out.count(long) == 2


def test_output_is_never_obeyed(write, tmp_path, capsys):
    write(python=r"print('\x1b[2J[red]a\tb\u202e')", javascript="")
    assert exit_code(tmp_path, "ask") == 1
    assert r"\x1b[2J[red]a      b\u202e" in capsys.readouterr().out


@pytest.mark.parametrize("slug", ["aks", "basics/aks", "uses/ask"])
def test_an_unknown_slug_names_the_nearest(write, tmp_path, capsys, slug):
    write()
    assert exit_code(tmp_path, slug) == 2
    printed = capsys.readouterr()
    assert printed.err == f"No pair is called {slug}; nearest: ask.\n"
    assert printed.out == ""


def test_a_missing_program_is_named(write, tmp_path, capsys):
    write(javascript=None)
    assert exit_code(tmp_path, "ask") == 2
    err = capsys.readouterr().err
    assert err == "ask cannot run: javascript/basics/ask.js is missing.\n"


def test_an_api_that_does_not_answer(write, tmp_path, capsys, monkeypatch):
    write()
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    assert exit_code(tmp_path, "ask") == 2
    assert capsys.readouterr().err.startswith("The mock API does not answer: ")


def test_a_database_is_there_where_a_program_needs_one(
    write, tmp_path, capsys, monkeypatch
):
    write(javascript="console.log(process.env.DATABASE_URL)")
    monkeypatch.setattr(compare, "database", lambda: nullcontext("postgres://here"))
    assert exit_code(tmp_path, "ask") == 1
    assert "    +postgres://here\n" in capsys.readouterr().out


def test_a_database_that_does_not_start(write, tmp_path, capsys, monkeypatch):
    def database():
        raise RuntimeError("The database did not start: exit code 1.")

    write(javascript="console.log(process.env.DATABASE_URL)")
    monkeypatch.setattr(compare, "database", database)
    assert exit_code(tmp_path, "ask") == 2
    assert capsys.readouterr().err == "The database did not start: exit code 1.\n"


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_both_programs(write, tmp_path, number):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        port = listening.getsockname()[1]
        write(STAY.format(port=port), STAY_JS.format(port=port))
        start = (
            "import sys; from pathlib import Path; from tools import compare;"
            "compare.stop_on_sigterm();"
            f"sys.exit(compare.main(['ask'], Path({str(tmp_path)!r})))"
        )
        with subprocess.Popen(
            [sys.executable, "-c", start],
            cwd=ROOT / "python",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            connections = [listening.accept()[0] for _ in range(2)]
            process.send_signal(number)
            assert process.communicate()[1] == ""
    assert process.returncode == 130
    for connection in connections:
        with connection:
            assert connection.recv(1) == b""


def entry(request, path, started, ended, status=200, ending="completed"):
    return LogEntry(
        request, "GET", path, "", 1, status, ending, started, ended, request, None
    )


@pytest.fixture
def runs(tmp_path):
    """A comparison at the moment 103: Python is done, JavaScript is not."""
    pair = Pair("feed", "social-feed", tmp_path)
    python = Run(pair, "python", "Loading…\nAda\nReady\n", scenario_began=100)
    python.lines = [(101, "Loading…"), (101.25, "Ada"), (101.5, "Ready")]
    python.requests = {
        1: entry(1, "/posts", 1.1, 1.5),
        2: entry(2, "/users/1/picture", 1.1, 1.25),
    }
    python.exit_code = 0
    javascript = Run(pair, "javascript", python.expected, scenario_began=101)
    javascript.lines = [(102.6, "Loading…"), (102.85, "[bold]\x1b[31mAda")]
    javascript.requests = {
        1: entry(1, "/posts", 1.6, None, None, None),
        2: entry(2, "/users/1/picture", 1.6, 1.7, None, "client hung up"),
        3: entry(3, "/users/2/picture", 1.6, 1.6, None, "dropped"),
    }
    return [python, javascript]


def rendered(*renderables, width=80) -> list[str]:
    console = Console(record=True, width=width, force_terminal=True, file=io.StringIO())
    console.print(*renderables, sep="\n")
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_the_view_at_80_columns(runs):
    view = compare_view.view(runs, 80, now=103)
    assert "\n".join(rendered(view, compare_view.conclusion(runs))) == (
        r"""feed/social-feed
╭───────────────────────────────────────┬──────────────────────────────────────╮
│ Python                                │ JavaScript                           │
├───────────────────────────────────────┼──────────────────────────────────────┤
│    0 ms  Loading…                     │    0 ms  Loading…                    │
│  250 ms  Ada                          │  250 ms  [bold]\x1b[31mAda           │
│  500 ms  Ready                        │                                      │
╰───────────────────────────────────────┴──────────────────────────────────────╯

What the API saw
Python      GET /posts                  ●━━━━━━━━━━━━━━━━━━━━━━●  200
            GET /users/1/picture        ●━━━━━━━●                 200
JavaScript  GET /posts            ●━━━━━━━━━━━━━━━━━━━━━━━        in flight
            GET /users/1/picture  ●━━━━━✕                         client hung up
            GET /users/2/picture  ✕                               dropped
                                  0    100   200  300   400  500  ms
Each program counts from its own first line or request.

Python      ✓ printed what the page says
JavaScript  ✗ printed something else than the page says
            --- docs/feed/social-feed.md
            +++ javascript/feed/social-feed.js
            @@ -1,3 +1,2 @@
             Loading…
            -Ada
            -Ready
            +[bold]\x1b[31mAda
Page        docs/feed/social-feed.md"""
    )


def test_a_small_terminal_shows_the_last_that_fits_one_above_the_other(runs):
    assert "\n".join(rendered(compare_view.view(runs, 60, 21, 103), width=60)) == (
        r"""feed/social-feed
╭──────────────────────────────────────────────────────────╮
│ Python                                                   │
├──────────────────────────────────────────────────────────┤
│  250 ms  Ada                                             │
│  500 ms  Ready                                           │
╰──────────────────────────────────────────────────────────╯
╭──────────────────────────────────────────────────────────╮
│ JavaScript                                               │
├──────────────────────────────────────────────────────────┤
│    0 ms  Loading…                                        │
│  250 ms  [bold]\x1b[31mAda                               │
╰──────────────────────────────────────────────────────────╯

What the API saw
Py  GET /posts      ●━━━━━━━━━━━━━━━━━●       200
JS  GET /posts  ●━━━━━━━━━━━━━━━━━━           in flight
                0       200      400     600  ms
Each program counts from its own first line or request."""
    )


@pytest.mark.parametrize("width", [40, 69, 70, 80, 200])
@pytest.mark.parametrize("height", [20, 24, 60])
def test_the_live_view_fits_the_terminal(runs, width, height):
    for run in runs:
        run.lines = [(103, f"line {i} " * 9) for i in range(99)]
        run.requests = {i: entry(i, f"/{i}" * 20, 2, 3) for i in range(40)}
    shown = rendered(compare_view.view(runs, width, height, 103), width=width)
    assert len(shown) < height
    assert max(map(len, shown)) <= width


def test_before_anything_happens(runs):
    for run in runs:
        run.lines, run.requests = [], {}
    shown = rendered(compare_view.view(runs, 80, 24, 103))
    assert "No requests." in shown

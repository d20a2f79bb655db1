"""`compare` with small pairs of the test's own: real processes, the real API."""

import io
import math
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest
from rich.console import Console

from mock_api.client import LogEntry
from tools import compare, compare_view, runs
from tools.catalogue import ROOT, Pair
from tools.compare_side import Side
from tools.picture import pictures
from tools.runs import Run

LIMIT = 30  # seconds until a wait that should be short is called a failure
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
print("Staying…")
connect = "import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"
subprocess.run([sys.executable, "-c", connect])
"""
STAY_JS = """
import net from "node:net";
console.log("Staying…");
net.connect({port}, "127.0.0.1");
"""
PAGE = "# Ask\n\n## Output\n\n```text\nAsking…\nDone.\n```\n"
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


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


def steady(text: str) -> list[str]:
    """The lines without their times."""
    line = re.compile(r"^((?:api )?[a-z]+) +(?:\d\S* ms)?  ", re.MULTILINE)
    return line.sub(r"\1: ", text).splitlines()


def test_both_print_what_the_page_says(write, tmp_path, capsys):
    write()
    assert exit_code(tmp_path, "basics/ask") == 0
    lines = steady(capsys.readouterr().out)
    assert sorted(lines[:6]) == [
        "api javascript: GET /data  200",
        "api python: GET /data  200",
        "javascript: Asking…",
        "javascript: Done.",
        "python: Asking…",
        "python: Done.",
    ]
    assert lines[6:] == [
        "Python     ✓ printed what the page says",
        "JavaScript ✓ printed what the page says",
        "Times      0 ms is each program's first request; earlier lines have no time",
        "Page       docs/basics/ask.md",
    ]


def test_without_requests_times_count_from_the_first_line(write, tmp_path, capsys):
    write("print('a')\nprint('b')", "console.log('a'); console.log('b')")
    assert exit_code(tmp_path, "ask") == 1
    out = capsys.readouterr().out
    assert re.search(r"^python +0 ms  a\npython +\d+ ms  b$", out, re.MULTILINE)
    assert "Times      0 ms is each program's first line\n" in out


def test_a_difference_from_the_page_is_shown(write, tmp_path, capsys):
    write(javascript=ASK_JS.replace("Done", "Ready"))
    assert exit_code(tmp_path, "ask") == 1
    out = capsys.readouterr().out
    assert "Python     ✓ printed what the page says\n" in out
    assert (
        "JavaScript ✗ printed something else than the page says\n"
        "    --- docs/basics/ask.md\n"
        "    +++ javascript/basics/ask.js\n"
        "    @@ -1,2 +1,2 @@\n"
        "     Asking…\n"
        "    -Done.\n"
        "    +Ready.\n"
    ) in out


def test_a_measured_value_may_differ_from_the_page(write, tmp_path, capsys):
    page = "# Ask\n\n## Output\n\n```text\nParallel: yes\n```\n\nMeasured: here.\n"
    write("print('Parallel: no')", "console.log('Parallel: yes')", page)
    assert exit_code(tmp_path, "ask") == 0
    assert "Python     ✓ printed what the page says\n" in capsys.readouterr().out


def test_a_failing_program_shows_its_own_traceback(write, tmp_path, capsys):
    write(python="print('Asking…')\n1 / 0\n", javascript="throw new Error('no')")
    assert exit_code(tmp_path, "ask") == 1
    out = capsys.readouterr().out
    assert "Python     ✗ failed with exit code 1\n    Traceback" in out
    assert "    ZeroDivisionError: division by zero\n" in out
    assert "JavaScript ✗ failed with exit code 1\n" in out
    assert "Error: no\n" in out


@posix
def test_a_signal_has_its_name(write, tmp_path, capsys):
    write(
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
        "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);",
    )
    assert exit_code(tmp_path, "ask") == 1
    out = capsys.readouterr().out
    assert "Python     ✗ killed by SIGSEGV\n" in out
    assert "JavaScript ✗ killed by SIGTERM\n" in out


def test_a_page_that_is_missing_or_says_nothing(write, tmp_path, capsys):
    pair = write(page=None)
    assert exit_code(tmp_path, "ask") == 1
    assert "✗ no page: docs/basics/ask.md: No such file" in capsys.readouterr().out
    pair.page.parent.mkdir(parents=True)
    pair.page.write_bytes(b"# Ask \xff")
    assert exit_code(tmp_path, "ask") == 1
    out = capsys.readouterr().out
    assert "✗ no page: docs/basics/ask.md has no text fence under ## Output\n" in out


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


@pytest.mark.parametrize("limit", ["soon", "0", "-1", "nan", "inf", ""])
def test_a_bad_limit_is_refused_in_one_line(write, tmp_path, capsys, limit):
    write()
    assert exit_code(tmp_path, "ask", f"--limit={limit}") == 2
    said = f"argument --limit: expected a number of seconds above 0, not '{limit}'; "
    printed = capsys.readouterr()
    assert printed.err.startswith(said)
    assert printed.err.count("\n") == 1
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
    assert capsys.readouterr().err.startswith("no mock API answers at http://127.")


def test_a_database_is_there_where_a_program_needs_one(
    write, tmp_path, capsys, monkeypatch
):
    write(javascript="console.log(process.env.DATABASE_URL)")
    monkeypatch.setattr(runs, "database", lambda: nullcontext("postgres://here"))
    assert exit_code(tmp_path, "ask") == 1
    assert "    +postgres://here\n" in capsys.readouterr().out


def test_a_database_that_does_not_start(write, tmp_path, capsys, monkeypatch):
    @contextmanager
    def database():
        raise RuntimeError("The database did not start: exit code 1.")
        yield

    write(javascript="console.log(process.env.DATABASE_URL)")
    monkeypatch.setattr(runs, "database", database)
    assert exit_code(tmp_path, "ask") == 2
    assert capsys.readouterr().err == "The database did not start: exit code 1.\n"


class Running:
    """`compare` in a process of its own. No wait here is without a limit."""

    def __init__(self, process: subprocess.Popen[bytes], output: int) -> None:
        self.process = process
        self._written = b""
        self._output = output
        self._until = time.monotonic() + LIMIT

    @property
    def screen(self) -> str:
        """All that it has written."""
        return self._written.decode(errors="replace")

    def shows(self, text: str) -> None:
        """Wait until it has written `text`."""
        while text not in self.screen:
            left = max(0, self._until - time.monotonic())
            more = b""
            if select.select([self._output], [], [], left)[0]:
                with suppress(OSError):  # a terminal whose last writer is gone
                    more = os.read(self._output, 2**16)
            assert more, f"{text!r} is not in:\n{self.screen}"
            self._written += more

    def end(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(LIMIT)


@contextmanager
def running(root: Path, *arguments: str, terminal=False, before=""):
    """Run the pair `ask` below `root`; `before` is Python that sets it up."""
    start = (
        "import signal, sys; from pathlib import Path\n"
        "from tools import compare, runs\n"
        f"{before}\n"
        f"sys.exit(compare.main(['ask', *sys.argv[1:]], Path({str(root)!r})))"
    )
    if terminal:
        import fcntl
        import termios

        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x1e\0\x50\0\0\0\0\0")  # 80 x 30
    else:
        ours, theirs = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", start, *arguments],
        cwd=ROOT / "python",
        env=os.environ | {"TERM": "xterm", "NO_COLOR": "1", "PYTHONUTF8": "1"},
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Running(process, ours)
    finally:
        process.kill()
        process.wait(LIMIT)
        os.close(ours)


@pytest.fixture
def stay(write):
    """A pair that runs until it is stopped; what it connects to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(LIMIT)
        port = listening.getsockname()[1]
        write(STAY.format(port=port), STAY_JS.format(port=port))
        yield listening


def assert_closed(connections):
    for connection in connections:
        with connection:
            connection.settimeout(LIMIT)
            assert connection.recv(1) == b""


IGNORED = "signal.signal(signal.SIGINT, signal.SIG_IGN)"  # as a script's `&` does


@posix
@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    ("number", "before"),
    [(signal.SIGINT, ""), (signal.SIGTERM, ""), (signal.SIGTERM, IGNORED)],
)
def test_an_interrupt_stops_both_programs_and_keeps_what_was_shown(
    stay, tmp_path, number, before, terminal
):
    with running(tmp_path, terminal=terminal, before=before) as it:
        connections = [stay.accept()[0] for _ in range(2)]
        it.process.send_signal(number)
        it.shows("Page       docs/basics/ask.md")
        assert it.end() == 130
        assert_closed(connections)
    # What follows the last line that was erased is there to stay.
    last = it.screen.rpartition("\x1b[2K")[2]
    assert last.count("Staying…") == 2
    assert "Python     ✗ was still running" in last
    assert "JavaScript ✗ was still running" in last
    assert "Traceback" not in it.screen


@posix
def test_an_interrupt_says_what_was_in_flight(write, tmp_path):
    ask = ASK.replace("/data", "/data?delay=9")
    write(ask, "console.log(1)", PAGE)
    with running(tmp_path, terminal=True) as it:
        it.shows("in flight")
        it.process.send_signal(signal.SIGINT)
        it.shows("Python     ✗ was still running; in flight: GET /data?delay=9\r\n")
        assert it.end() == 130


@posix
def test_what_takes_long_is_said_to_be_running(stay, tmp_path):
    with running(tmp_path, before="runs.SLOW = 0.01") as it:
        it.shows("still running after 0.01 s")
    with running(tmp_path, terminal=True, before="runs.SLOW = 0.01") as it:
        it.shows("JavaScript is still running after 0.01 s")


@posix
@pytest.mark.parametrize("slow", [1000, 0.01])
def test_a_limit_ends_both_programs(stay, tmp_path, slow):
    with running(tmp_path, "--limit", "2", before=f"runs.SLOW = {slow}") as it:
        it.shows("Python     ✗ did not end within 2 s\n")
        it.shows("JavaScript ✗ did not end within 2 s\n")
        assert it.end() == 1
    stay.settimeout(0)
    with suppress(BlockingIOError):  # in two seconds perhaps none has come so far
        while True:
            assert_closed([stay.accept()[0]])


@posix
def test_a_reader_that_leaves_is_no_error(write, tmp_path):
    write("while True: print('line')", "for (;;) console.log('line')")
    errors = tmp_path / "errors"
    with running(tmp_path, before=f"sys.stderr = open({str(errors)!r}, 'w')") as it:
        it.shows("line")
        os.dup2(os.open(os.devnull, os.O_RDONLY), it._output)
        assert it.end() == 1
    assert errors.read_text() == ""


def entry(request, path, started, ended, status=200, ending="completed"):
    return LogEntry(
        request, "GET", path, "", 1, status, ending, started, ended, request, None
    )


def side(pair, language, scenario_began, news):
    """What is shown of a program about which the runner told this, when it did."""
    made = Side(pair, language, "Loading…\nAda\nReady\n")
    made.note(0.0)
    for when, what in news:
        made.note(what, when)
    assert made.scenario_began == pytest.approx(scenario_began)
    return made


@pytest.fixture
def sides(tmp_path):
    """A comparison at the moment 103: Python is done, JavaScript is not."""
    pair = Pair("feed", "social-feed", tmp_path)
    log = [entry(1, "/posts", 1.1, 1.5), entry(2, "/users/1/picture", 1.1, 1.25)]
    python = [
        (101, "Loading…\n"),
        (101.11, entry(1, "/posts", 1.1, None)),
        (101.1, entry(2, "/users/1/picture", 1.1, None)),
        (101.35, "Ada\n"),
        (101.6, "Ready\n"),
        (101.7, Run((), "Loading…\nAda\nReady\n", "", 0, tuple(log))),
    ]
    javascript = [
        (102.5, "Loading…\n"),
        (102.6, entry(1, "/posts", 1.6, None, None, None)),
        (102.8, entry(2, "/users/1/picture", 1.6, 1.7, None, "client hung up")),
        (102.9, entry(3, "/users/2/picture", 1.6, 1.6, None, "dropped")),
        (102.85, "[bold]\x1b[31mAda\n"),
    ]
    return [
        side(pair, "python", 100, python),
        side(pair, "javascript", 101, javascript),
    ]


def rendered(*renderables, width=80) -> list[str]:
    console = Console(record=True, width=width, force_terminal=True, file=io.StringIO())
    console.print(*renderables, sep="\n")
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_the_view_at_80_columns(sides):
    assert "\n".join(rendered(compare_view.view(sides, 80, now=103))) == (
        r"""feed/social-feed
╭───────────────────────────────────────┬──────────────────────────────────────╮
│   ms  Python                          │   ms  JavaScript                     │
├───────────────────────────────────────┼──────────────────────────────────────┤
│       Loading…                        │       Loading…                       │
│  250  Ada                             │  250  [bold]\x1b[31mAda              │
│  500  Ready                           │                                      │
╰───────────────────────────────────────┴──────────────────────────────────────╯
What the API saw: ●━━● is one request, from its arrival to its answer
Python      GET /posts            ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━●  200
            GET /users/1/picture  ●━━━━━━━━━━●                    200
JavaScript  GET /posts            ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  in flight
            GET /users/1/picture  ●━━━━━━✕                        client hung up
            GET /users/2/picture  ✕                               dropped
                                  0     100    200     300   400  ms"""
    )


def test_a_small_terminal_shows_the_last_that_fits_one_above_the_other(sides):
    sides[1].note(10.0)
    assert "\n".join(rendered(compare_view.view(sides, 60, 21, 103), width=60)) == (
        r"""feed/social-feed
╭──────────────────────────────────────────────────────────╮
│   ms  Python                                             │
├──────────────────────────────────────────────────────────┤
│       … 2 earlier lines                                  │
│  500  Ready                                              │
╰──────────────────────────────────────────────────────────╯
╭──────────────────────────────────────────────────────────╮
│   ms  JavaScript                                         │
├──────────────────────────────────────────────────────────┤
│       Loading…                                           │
│  250  [bold]\x1b[31mAda                                  │
╰──────────────────────────────────────────────────────────╯
What the API saw: ●━━● is one request, from its arrival to …
Python      GET /posts            ●━━━━━━●    200
            GET /users/1/picture  ●━━●        200
JavaScript  +2 more
            GET /posts            ●━━━━━━━    in flight
                                  0      500  ms
JavaScript is still running after 10 s; in flight: GET /pos…"""
    )


@pytest.mark.parametrize("width", [40, 69, 70, 80, 200])
@pytest.mark.parametrize("height", [20, 24, 60])
def test_the_live_view_fits_the_terminal(sides, width, height):
    for side in sides:
        side.run = None
        side.note(10.0)
        for i in range(99):
            side.note(f"line {i} " * 9)
        side.requests = {i: entry(i, f"/{i}" * 20, 2, 3) for i in range(40)}
    shown = rendered(compare_view.view(sides, width, height, 103), width=width)
    assert len(shown) < height
    assert max(map(len, shown)) <= width


def test_of_many_lines_and_requests_the_last_are_shown(sides):
    for side in sides:
        for i in range(100_000):
            side.note(f"line {i}", 103)
        side.requests = {i: entry(i, f"/{i}", 1.6, 2) for i in range(3_000)}
    shown = rendered(compare_view.view(sides, 80, now=104))
    assert len(shown) < 1_000
    assert sum("… 99,504 earlier lines" in line for line in shown) == 1
    assert sum("  line 99999" in line for line in shown) == 1
    assert sum("+2,801 more" in line for line in shown) == 2
    assert sum("GET /2999 " in line for line in shown) == 2


def test_before_anything_happens(tmp_path):
    pair = Pair("feed", "social-feed", tmp_path)
    sides = [Side(pair, "python"), Side(pair, "javascript")]
    assert rendered(compare_view.view(sides, 80, 24, 103))[0] == "feed/social-feed"
    assert [side.wrong(math.inf) for side in sides] == ["had not begun"] * 2


def test_many_requests_in_flight_are_counted(tmp_path):
    side = Side(Pair("feed", "social-feed", tmp_path), "python")
    log = [entry(i, f"/{i}", 1, None, None, None) for i in range(6)]
    side.note(Run((), "", "", None, tuple(log)))
    assert side.wrong(2.5) == (
        "did not end within 2.5 s; in flight: GET /0, GET /1, GET /2, GET /3, 2 more"
    )


# Two runs of one program: nobody knows which of two requests that are sent together
# arrives first, nor how long each takes.
ONE_WAY = [
    LogEntry(1, "POST", "/posts", "", 1, 201, "completed", 0.1, 0.2, 0, 1),
    LogEntry(2, "POST", "/posts", "", 1, 201, "completed", 0.3, 0.4, 2, 4),
    LogEntry(3, "GET", "/posts", "limit=1", 2, 200, "completed", 0.31, 0.8, 3, 5),
]
ANOTHER = [
    LogEntry(1, "POST", "/posts", "", 1, 201, "completed", 0.5, 0.9, 0, 1),
    LogEntry(2, "GET", "/posts", "limit=1", 1, 200, "completed", 1.2, 2, 2, 5),
    LogEntry(3, "POST", "/posts", "", 2, 201, "completed", 1.3, 1.5, 3, 4),
]


def drawn(tmp_path, log) -> dict[str, str]:
    pair = Pair("basics", "lazy-or-eager", tmp_path)
    some = {
        (pair, "python"): Run((), "one\n", "", 0, tuple(log[:1])),
        (pair, "javascript"): Run((), "one\n<two>\n", "", 0, tuple(log)),
    }
    return {path.name: text for path, text in pictures(pair, some).items()}


def test_a_picture_is_the_same_for_each_run_and_asks_nobody_for_anything(tmp_path):
    found = drawn(tmp_path, ONE_WAY)
    assert drawn(tmp_path, ANOTHER) == found
    assert drawn(tmp_path, ONE_WAY[1:]) != found
    assert sorted(found) == ["lazy-or-eager-dark.svg", "lazy-or-eager-light.svg"]
    for text in found.values():
        assert text.count("POST") == 3
        assert "&lt;two&gt;" in text
        assert re.findall(r"https?:[^\"]*", text) == ["http://www.w3.org/2000/svg"]
        assert "font-face" not in text
        assert len(text) < 20_000


def test_the_picture_is_written_beside_the_page(write, tmp_path, capsys):
    pair = write()
    assert exit_code(tmp_path, "ask", "--svg") == 0
    assert "Wrote      docs/basics/ask-dark.svg\n" in capsys.readouterr().out
    written = pair.page.with_name("ask-light.svg").read_text("utf-8")
    assert written.startswith("<svg ")
    assert exit_code(tmp_path, "ask", "--svg") == 0
    assert pair.page.with_name("ask-light.svg").read_text("utf-8") == written

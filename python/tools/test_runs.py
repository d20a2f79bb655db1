"""The programs are run for real, against the mock API of the tests."""

import asyncio
import os
import socket
from contextlib import contextmanager

import httpx
import pytest

from mock_api.client import LogEntry
from tools import runs
from tools.catalogue import Pair
from tools.facts import put

WAIT = 30  # seconds until a wait that should be short is called a failure

ASK = """\
import os, urllib.request
print("asking")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
opener.open(os.environ["API_URL"] + "/data?delay=0").close()
print("in", os.listdir())
"""
CHILD = """\
import subprocess, sys
forever = "import threading; threading.Event().wait()"
subprocess.run([sys.executable, "-c", forever])
"""
# It runs as long as its connection does.
CONNECT = """\
import socket
socket.create_connection(("127.0.0.1", {})).recv(1)
"""
CONNECT_JS = "import net from 'node:net'; net.connect({}, '127.0.0.1');\n"


def assert_closed(connection):
    with connection:
        connection.settimeout(WAIT)
        assert connection.recv(1) == b""


@pytest.fixture
def pair(tmp_path):
    return Pair("feed", "tiny", tmp_path)


def test_each_program_runs_in_a_process_and_scenario_of_its_own(pair):
    put(pair.python, ASK)
    put(pair.javascript, 'console.log("Loading…");\n')
    ran = runs.run_pairs([pair])
    assert ran.keys() == {(pair, "python"), (pair, "javascript")}
    python, javascript = ran[pair, "python"], ran[pair, "javascript"]
    assert python.stdout == "asking\nin []\n"
    assert [entry.label for entry in python.log] == ["GET /data?delay=0"]
    assert python.log[0].ending == "completed"
    assert isinstance(python.log[0], LogEntry)
    assert javascript.stdout == "Loading…\n"
    assert javascript.log == ()
    assert python.fine
    assert javascript.fine


def test_exit_code_and_stderr_are_kept(pair):
    put(pair.python, 'import sys\nprint("so far")\nsys.exit("no more")\n')
    run = runs.run_pairs([pair])[pair, "python"]
    assert (run.stdout, run.stderr, run.exit_code) == ("so far\n", "no more\n", 1)
    assert not run.fine


def test_a_program_that_does_not_end_is_killed_with_its_children(pair):
    put(pair.python, CHILD)
    run = runs.run_pairs([pair], limit=1)[pair, "python"]
    # Had a child lived on, its end of the pipes would have kept us waiting.
    assert run.exit_code is None


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX sessions")
def test_a_child_that_escapes_keeps_nobody_waiting(pair, listening):
    child = CONNECT.format(listening.getsockname()[1])
    put(
        pair.python,
        "import subprocess, sys\nprint('so far')\n"
        f"subprocess.run([sys.executable, '-c', {child!r}], start_new_session=True)\n",
    )
    # It holds the pipe open; nobody but us could end it.
    run = runs.run_pairs([pair], limit=1)[pair, "python"]
    assert run.exit_code is None


def test_what_happens_is_told_while_it_happens(pair):
    put(pair.python, ASK)
    told = []
    ran = runs.run_pairs([pair], tell=lambda which, news: told.append((which, news)))
    assert {which for which, _ in told} == {(pair, "python")}
    first, *news, last = [news for _, news in told]
    assert first == 0
    assert last is ran[pair, "python"]
    lines = [one for one in news if isinstance(one, str)]
    assert lines == ["asking\n", "in []\n"]
    requests = [one for one in news if isinstance(one, LogEntry)]
    assert [entry.ending for entry in requests] == [None, "completed"]
    assert requests[-1] == last.log[0]
    assert len(news) == 4


def test_a_problem_of_whoever_is_told_ends_all_programs(pair, listening):
    def tell(which, news):
        if news == "asking\n":
            raise BrokenPipeError

    put(pair.python, ASK)
    put(pair.javascript, CONNECT_JS.format(listening.getsockname()[1]))
    with pytest.raises(BrokenPipeError):
        runs.run_pairs([pair], tell=tell)


async def test_what_is_in_flight_at_the_limit_is_in_the_log(pair, monkeypatch):
    put(pair.python, ASK.replace("delay=0", "delay=9"))
    arrived = asyncio.Event()
    wait = asyncio.wait

    async def time_is_up(things, **_):
        await arrived.wait()
        return await wait(things, timeout=0)

    def tell(which, news):
        if isinstance(news, LogEntry):
            arrived.set()
            monkeypatch.undo()

    monkeypatch.setattr(asyncio, "wait", time_is_up)
    async with httpx.AsyncClient(base_url=os.environ["API_URL"]) as api:
        run = await runs.run((pair, "python"), api, limit=1, tell=tell)
    assert run.exit_code is None
    assert [(entry.label, entry.ending) for entry in run.log] == [
        ("GET /data?delay=9", None)
    ]


async def test_a_program_given_up_while_it_starts_leaves_nothing(pair, listening):
    # As asyncio's own processes would: they kill the program, but not its child,
    # and wait for the pipe that the child holds.
    child = CONNECT.format(listening.getsockname()[1])
    put(
        pair.python,
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])\n",
    )
    connections = []

    def tell(which, news):
        if news == 0:  # before anybody else's turn
            connections.append(listening.accept()[0])
            running.cancel()

    async with httpx.AsyncClient(base_url=os.environ["API_URL"]) as api:
        running = asyncio.create_task(runs.run((pair, "python"), api, tell=tell))
        await asyncio.wait([running], timeout=WAIT)
    assert running.cancelled()
    assert_closed(connections[0])


def test_a_mock_api_that_is_not_there(pair, monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:2")
    put(pair.python, ASK)
    with pytest.raises(runs.RunError, match="no mock API answers at "):
        runs.run_pairs([pair])


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(WAIT)
        yield listening


def test_a_database_starts_while_those_run_that_need_none(pair, monkeypatch, listening):
    @contextmanager
    def database():
        with listening.accept()[0]:
            pass
        yield "postgres://here"

    monkeypatch.setattr(runs, "database", database)
    put(pair.python, CONNECT.format(listening.getsockname()[1]))
    put(pair.javascript, "console.log(process.env.DATABASE_URL);\n")
    ran = runs.run_pairs([pair])
    assert [run.stdout for run in ran.values()] == ["", "postgres://here\n"]
    assert all(run.fine for run in ran.values())


def test_a_database_that_does_not_start_ends_all_programs(pair, monkeypatch, listening):
    @contextmanager
    def database():
        accepted.append(listening.accept()[0])
        raise RuntimeError("The database did not start")
        yield

    accepted: list[socket.socket] = []
    monkeypatch.setattr(runs, "database", database)
    put(pair.python, CONNECT.format(listening.getsockname()[1]))
    put(pair.javascript, "console.log(process.env.DATABASE_URL);\n")
    with pytest.raises(RuntimeError, match="The database did not start"):
        runs.run_pairs([pair])
    assert_closed(accepted[0])


def test_no_database_is_started_where_none_is_needed(pair, monkeypatch):
    monkeypatch.setattr(runs, "database", None)
    put(pair.python, ASK)
    assert runs.run_pairs([pair])[pair, "python"].fine


def test_without_programs_nothing_is_started(pair, monkeypatch):
    monkeypatch.setattr(runs, "server", None)
    assert runs.run_pairs([pair]) == {}


async def test_what_the_control_refuses_is_said(mock_api):
    async with httpx.AsyncClient(base_url=os.environ["API_URL"]) as api:
        with pytest.raises(runs.RunError, match="nothing"):
            await runs._ask(api, "GET", "/scenarios/nothing/log")

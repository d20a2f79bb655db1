"""The programs are run for real, against the mock API of the tests."""

import re
import socket
from contextlib import contextmanager

import pytest

from tools import runs
from tools.catalogue import Pair
from tools.facts import put
from tools.lanes import Request

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
    assert [r.label for r in python.log] == ["GET /data?delay=0"]
    assert python.log[0].ending == "completed"
    assert isinstance(python.log[0], Request)
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


def test_a_mock_api_that_is_not_there(pair, monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:2")
    put(pair.python, ASK)
    with pytest.raises(runs.RunError, match="no mock API answers at "):
        runs.run_pairs([pair])


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
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
    with accepted[0] as connection:
        assert connection.recv(1) == b""


def test_no_database_is_started_where_none_is_needed(pair, monkeypatch):
    monkeypatch.setattr(runs, "database", None)
    put(pair.python, ASK)
    assert runs.run_pairs([pair])[pair, "python"].fine


def test_without_programs_nothing_is_started(pair, monkeypatch):
    monkeypatch.setattr(runs, "server", None)
    assert runs.run_pairs([pair]) == {}


def test_what_the_control_refuses_is_said(mock_api):
    url = re.sub(r"/s/.*", "", mock_api.url)
    with pytest.raises(runs.RunError, match="nothing"):
        runs._ask(url, "GET", "/scenarios/nothing/log")

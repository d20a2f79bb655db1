"""However whoever started it ends: no PostgreSQL is left, and no data folder."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from helpers import PYTHON
from mock_api import lifeline
from tools.database.conftest import connect
from tools.database.process import database

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
DATABASE = ["-m", "tools.database"]
# On Ctrl-C it looks whether the database is still there.
OWNER = """
from tools.database.conftest import connect
from tools.database.process import database
with database() as url:
    try:
        print(url, flush=True)
        input()
    except KeyboardInterrupt:
        connect(url)
        print("still there")
"""


@pytest.fixture(autouse=True)
def _environment(folder, monkeypatch):
    """No database is running yet, and the package can be imported."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(PYTHON))


@contextmanager
def opened(*arguments: str):
    """A process group of its own, with pipes."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_all_have_ended(process) -> str:
    """Whoever still writes to stderr keeps it open: the database, too."""
    return process.stderr.read()


def test_it_runs_while_the_block_does(nothing_is_left):
    with database() as url:
        connect(url)
    nothing_is_left(url)


def test_it_is_the_one_in_database_url(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")
    with database() as url:
        assert url == "postgres://somewhere/else"


def test_it_says_when_it_cannot_start(monkeypatch, tmp_path):
    monkeypatch.setattr(lifeline, "_PYTHON", tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(
            RuntimeError, match=r"^The database did not start: exit code 1\.$"
        ),
        database(),
    ):
        pass


@posix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_its_owner_is_killed(nothing_is_left, name):
    with opened("-c", OWNER) as owner:
        url = owner.stdout.readline().strip()
        owner.send_signal(getattr(signal, name))
        assert wait_until_all_have_ended(owner) == ""
    nothing_is_left(url)


@posix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_the_whole_group_of_its_owner_is_killed(nothing_is_left, name):
    with opened("-c", OWNER) as owner:
        url = owner.stdout.readline().strip()
        os.killpg(owner.pid, getattr(signal, name))
        assert wait_until_all_have_ended(owner) == ""
    nothing_is_left(url)


@posix
def test_ctrl_c_ends_it_only_after_its_owner(nothing_is_left):
    with opened("-c", OWNER) as owner:
        url = owner.stdout.readline().strip()
        os.killpg(owner.pid, signal.SIGINT)
        assert wait_until_all_have_ended(owner) == ""
        assert owner.stdout.read() == "still there\n"
    nothing_is_left(url)


@posix
def test_its_owner_is_killed_while_it_starts(folder):
    with opened("-c", OWNER) as owner:
        wait_for_its_folder(folder, owner)
        os.killpg(owner.pid, signal.SIGKILL)
        assert wait_until_all_have_ended(owner) == ""
        assert owner.stdout.read() == ""
    assert not any(folder.iterdir())


@posix
def test_it_is_killed_while_a_client_is_connected(nothing_is_left):
    with opened(*DATABASE) as process:
        url = process.stdout.readline().partition(": ")[2].strip()
        at = urlsplit(url)
        with socket.create_connection((at.hostname, at.port)):
            process.kill()
            assert wait_until_all_have_ended(process) == ""
            nothing_is_left(url)


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_it_is_told_to_stop_itself(nothing_is_left, name):
    with opened(*DATABASE) as process:
        url = process.stdout.readline().partition(": ")[2].strip()
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: for its owner
        connect(url)
        os.killpg(process.pid, getattr(signal, name))
        assert wait_until_all_have_ended(process) == ""
        assert process.wait() == 128 + getattr(signal, name)
    nothing_is_left(url)


@posix
def test_it_is_told_to_stop_while_it_starts(folder):
    with opened(*DATABASE) as process:
        wait_for_its_folder(folder, process)
        os.killpg(process.pid, signal.SIGTERM)
        assert wait_until_all_have_ended(process) == ""
        assert process.wait() == 128 + signal.SIGTERM
    assert not any(folder.iterdir())


def wait_for_its_folder(folder, process) -> None:
    while not any(folder.iterdir()):
        assert process.poll() is None

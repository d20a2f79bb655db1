"""Where a browser is looked for, and what is said where there is none."""

import subprocess
import sys

import pytest

from tools.browser import __main__, chromium

pytestmark = pytest.mark.browser


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without any browser."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "_candidates", lambda: iter([str(tmp_path / "no")]))


def test_the_named_browser_comes_first(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/my/own")
    assert chromium.find() == "/my/own"


def test_a_stub_that_only_gives_advice_is_no_browser(monkeypatch, tmp_path):
    stub, real = tmp_path / "chromium", tmp_path / "chrome"
    stub.touch()
    real.touch()

    def run(command, **_):
        return subprocess.CompletedProcess(command, command[0] == str(stub))

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(chromium, "_candidates", lambda: iter([str(stub), str(real)]))
    assert chromium.find() == str(real)


@pytest.mark.usefixtures("bare")
async def test_without_a_browser_one_line_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"^No browser was found .* CHROMIUM"):
        async with chromium.browser():
            pass


@pytest.mark.usefixtures("bare")
def test_where_none_can_be_installed_the_code_is_2(monkeypatch, capsys):
    monkeypatch.setattr(__main__, "install", lambda: None)
    monkeypatch.setattr(__main__, "prepare", lambda: None)
    assert __main__.main("install") == 2
    assert capsys.readouterr().err == f"{chromium.ADVICE}\n"

"""The command line, with real runs."""

import os
import shutil
import subprocess
import sys

import pytest

from tools.__main__ import main
from tools.catalogue import ROOT, Pair
from tools.conftest import INDEX
from tools.programs import node
from tools.writing import put


@pytest.fixture
def root(tmp_path):
    put(tmp_path / "README.md", INDEX)
    put(tmp_path / "docs/index.md", INDEX)
    return tmp_path


def test_new_then_check_is_green_and_its_tests_pass(root, capsys):
    assert main(["new", "feed/tiny-feed", "Tiny feed"], root) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote python/feed/tiny_feed.py",
        "wrote javascript/feed/tiny-feed.js",
        "wrote docs/feed/tiny-feed.md",
        "wrote python/feed/test_tiny_feed.py",
        "wrote javascript/feed/tiny-feed.test.js",
        "wrote docs/feed/tiny-feed.md",
        "wrote docs/phrasebook.md",
        "wrote README.md",
        "wrote docs/index.md",
        "1 pair, 2 programs ran, 1 page true",
    ]
    assert main(["check"], root) == 0
    assert capsys.readouterr().out == "1 pair, 2 programs ran, 1 page true\n"
    page = (root / "docs/feed/tiny-feed.md").read_text("utf-8")
    assert "## Output\n\n```text\nHello from the mock API\n```\n" in page
    assert "Python      GET /data  ●━━━● 200\n" in page

    for name in ("python/mock_api", "python/tools", "javascript/tools"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("python/conftest.py", "python/helpers.py", "javascript/helpers.js"):
        shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / "package.json", root)
    pair = Pair("feed", "tiny-feed", root)
    settings = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(root)]
    pytest_run = [sys.executable, "-m", "pytest", *settings, str(pair.python_test)]
    for command in (pytest_run, [node(), "--test", str(pair.javascript_test)]):
        env = os.environ | {"PYTHONPATH": str(root / "python")}
        done = subprocess.run(
            command, cwd=root, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_check_fails_and_write_mends(root, capsys):
    main(["new", "feed/tiny", "Tiny"], root)
    program = root / "javascript/feed/tiny.js"
    put(program, program.read_text("utf-8").replace("(await get", '("Now", await get'))
    capsys.readouterr()
    assert main(["check"], root) == 1
    said = capsys.readouterr().out
    assert "docs/feed/tiny.md:1: the js fence is not javascript/feed/tiny.js\n" in said
    assert "javascript/feed/tiny.js prints something else than the page says\n" in said
    assert said.endswith("1 pair, 2 programs ran, 2 things to mend\n")
    assert main(["write"], root) == 0
    assert capsys.readouterr().out == (
        "wrote docs/feed/tiny.md\n1 pair, 2 programs ran, 1 page true\n"
    )
    assert main(["write"], root) == 0
    assert capsys.readouterr().out == "1 pair, 2 programs ran, 1 page true\n"


def test_write_leaves_alone_what_a_failing_program_should_have_shown(root, capsys):
    main(["new", "feed/tiny", "Tiny"], root)
    put(root / "python/feed/tiny.py", "import no_such_module\n")
    capsys.readouterr()
    assert main(["write"], root) == 1
    said = capsys.readouterr().out
    assert "python/feed/tiny.py: failed with exit code 1\n" in said
    assert "ModuleNotFoundError: No module named 'no_such_module'\n" in said
    assert "Hello from the mock API" in (root / "docs/feed/tiny.md").read_text("utf-8")


def test_no_pair_is_a_failure(root, capsys):
    assert main(["check"], root) == 1
    assert capsys.readouterr().out.startswith("no pair was found")


@pytest.mark.parametrize("slug", ["tinny", "feed/tinny"])
def test_an_unknown_slug(root, capsys, slug):
    put(root / "docs/feed/tiny.md", "# Tiny\n")
    assert main(["check", slug], root) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"unknown pair: {slug}; nearest: ")
    assert "feed/tiny" in said.err
    assert said.out == ""


def test_only_some_pairs(root, capsys):
    main(["new", "feed/tiny", "Tiny"], root)
    main(["new", "feed/other", "Other"], root)
    put(root / "python/feed/other.py", "")
    put(root / "docs/phrasebook.md", "of all pages")
    capsys.readouterr()
    assert main(["check", "tiny"], root) == 0
    assert capsys.readouterr().out == "1 pair, 2 programs ran, 1 page true\n"
    assert main(["check", "feed/other"], root) == 1


def test_new_refuses_and_writes_nothing(root, capsys):
    before = sorted(root.rglob("*"))
    assert main(["new", "feed/queue", "Queue"], root) == 2
    assert capsys.readouterr().err == (
        "feed/queue: Python itself uses the name queue, choose another slug\n"
    )
    assert sorted(root.rglob("*")) == before


def test_a_bad_command_line_is_one_line(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["new", "feed/tiny"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("the following arguments are required: title; usage: ")
    assert said.count("\n") == 1

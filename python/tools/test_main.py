"""The command line, with real runs."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tools.__main__ import main
from tools.catalogue import ROOT, Pair
from tools.conftest import FRONT, INDEX
from tools.facts import put
from tools.programs import node


@pytest.fixture
def root(tmp_path):
    put(tmp_path / "README.md", FRONT)
    put(tmp_path / "docs/README.md", INDEX)
    return tmp_path


def fill_in(root):
    """What an author does with the files of a new pair, in short."""
    for path in root.rglob("*.*"):
        if path.is_file():
            text = path.read_text("utf-8").replace("TODO: ", "").replace("todo-", "")
            put(path, text)


def test_new_then_fill_in_then_write_is_green_and_its_tests_pass(root, capsys):
    assert main(["new", "feed/tiny-feed", "Tiny feed"], root) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote python/feed/tiny_feed.py",
        "wrote javascript/feed/tiny-feed.js",
        "wrote docs/feed/tiny-feed.md",
        "wrote python/feed/test_tiny_feed.py",
        "wrote javascript/feed/tiny-feed.test.js",
        "wrote docs/feed/tiny-feed.md",
        "wrote docs/feed/README.md",
        "wrote README.md",
        "wrote docs/README.md",
        "wrote docs/addresses.txt",
        "Fill in every TODO:, then run: nox -s docs -- --write feed/tiny-feed",
    ]
    page = (root / "docs/feed/tiny-feed.md").read_text("utf-8")
    assert "## Output\n\n```text\nHello from the mock API\n```\n" in page
    assert "both  GET /data  ●━━━● 200\n" in page
    # The gate does not call a placeholder true.
    assert main(["check"], root) == 1
    said = capsys.readouterr().out
    assert (
        "docs/feed/tiny-feed.md:3: a placeholder is left: TODO: say what this" in said
    )
    assert "docs/feed/README.md: a placeholder is left\n" in said
    assert "python/feed/tiny_feed.py:1: a placeholder is left" in said

    fill_in(root)
    (root / "docs/addresses.txt").unlink()
    assert main(["write"], root) == 0
    capsys.readouterr()
    assert main(["check"], root) == 0
    assert capsys.readouterr().out == "1 pair, 2 programs ran, 1 page true\n"

    for name in ("python/mock_api", "python/tools", "javascript/tools"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("python/conftest.py", "python/helpers.py", "javascript/helpers.js"):
        shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / "package.json", root)
    (root / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    pair = Pair("feed", "tiny-feed", root)
    settings = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(root)]
    pytest_run = [sys.executable, "-m", "pytest", *settings, str(pair.test("python"))]
    for command in (pytest_run, [node(), "--test", str(pair.test("javascript"))]):
        env = os.environ | {"PYTHONPATH": str(root / "python")}
        done = subprocess.run(
            command, cwd=root, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def start(root, capsys, *names):
    for name in names:
        main(["new", name, name], root)
    fill_in(root)
    (root / "docs/addresses.txt").unlink()
    assert main(["write"], root) == 0
    capsys.readouterr()


def test_check_fails_and_write_mends(root, capsys):
    start(root, capsys, "feed/tiny")
    program = root / "javascript/feed/tiny.js"
    put(program, program.read_text("utf-8").replace("(await get", '("Now", await get'))
    assert main(["check"], root) == 1
    said = capsys.readouterr().out
    assert "the programs on the page are not those in the files\n" in said
    assert "the programs print something else than the page says\n" in said
    assert said.endswith("1 pair, 2 programs ran, 2 things to mend\n")
    assert main(["write"], root) == 0
    assert capsys.readouterr().out == (
        "wrote docs/feed/tiny.md\n1 pair, 2 programs ran, 1 page true\n"
    )
    assert main(["write"], root) == 0
    assert capsys.readouterr().out == "1 pair, 2 programs ran, 1 page true\n"


def test_write_leaves_alone_what_a_failing_program_should_have_shown(root, capsys):
    start(root, capsys, "feed/tiny")
    put(root / "python/feed/tiny.py", "import no_such_module\n")
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
    start(root, capsys, "feed/tiny", "feed/other")
    put(root / "python/feed/other.py", "")
    put(root / "docs/feed/README.md", "# Of all pages\n")
    assert main(["check", "tiny"], root) == 0
    assert capsys.readouterr().out == "1 pair, 2 programs ran, 1 page true\n"
    assert main(["write", "tiny"], root) == 0
    assert main(["check", "feed/other"], root) == 1


def test_this_python_and_this_node_are_noted(root):
    proven = root / "docs/proven.json"
    put(proven, '{"Python": ["3.10", "3.9"], "Node": []}')
    assert main(["proven", "yes"], root) == 0
    noted = json.loads(proven.read_text("utf-8"))
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert noted["Python"] == ["3.9", "3.10", here]
    assert len(noted["Node"]) == 1
    assert main(["proven", "no"], root) == 0
    assert json.loads(proven.read_text("utf-8")) == {
        "Python": ["3.9", "3.10"],
        "Node": [],
    }


def test_new_refuses_and_writes_nothing(root, capsys):
    before = sorted(root.rglob("*"))
    assert main(["new", "feed/queue", "Queue"], root) == 2
    assert capsys.readouterr().err == (
        "feed/queue: queue means something else to Python, choose another\n"
    )
    assert sorted(root.rglob("*")) == before


def test_a_bad_command_line_is_one_line(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["new", "feed/tiny"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("the following arguments are required: title; usage: ")
    assert said.count("\n") == 1

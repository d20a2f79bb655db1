"""A tiny repository with one true pair, to break in one place at a time."""

from pathlib import Path
from typing import Any

import pytest

from mock_api.client import LogEntry
from tools import addresses, checks, indexes, pages
from tools.catalogue import Pair
from tools.facts import Facts, put, read
from tools.finding import Finding
from tools.runs import Run, Runs
from tools.starter import start

FRONT = "# Tiny\n\n<!-- chapters -->\n<!-- /chapters -->\n"
INDEX = """\
# Tiny

## How to read a page

Slowly.

<!-- catalogue -->
<!-- /catalogue -->
"""
CHAPTER = "# Feed\n\nA chapter.\n\n<!-- pages -->\n<!-- /pages -->\n"
LOG = (LogEntry(1, "GET", "/data", "", 1, 200, "completed", 0, 1, 0, 1),)


def run(stdout: str = "Hello\n", **rest: Any) -> Run:
    told: dict[str, Any] = {"stderr": "", "exit_code": 0, "log": LOG, **rest}
    return Run(("program",), stdout, **told)


class Tiny:
    """A repository in a temporary folder, and what its programs are said to do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs: Runs = {}
        put(root / "README.md", FRONT)
        put(root / "docs/README.md", INDEX)
        self.add("feed/tiny", "Tiny feed")

    def add(self, name: str, title: str) -> Pair:
        """A new true pair, its placeholders filled in."""
        pair = start(self.root, name, title)
        put(self.root / "docs" / pair.chapter / "README.md", CHAPTER)
        for path in pair.files:
            text = path.read_text("utf-8").replace("todo-", "")
            put(path, text.replace("TODO: ", ""))
        self.runs |= {(pair, "python"): run(), (pair, "javascript"): run()}
        self.write()
        return pair

    def facts(self) -> Facts:
        return read(self.root, self.runs)

    def write(self) -> None:
        facts = self.facts()
        for pair in facts.pairs:
            if pair.page in facts.texts:
                put(pair.page, pages.written(facts, pair))
        for path, text in indexes.written(self.facts()).items():
            put(path, text)
        put(self.root / addresses.ADDRESSES, addresses.written(self.facts()))

    def read(self, name: str) -> str:
        return (self.root / name).read_text("utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text
        put(self.root / name, text.replace(old, new, 1))

    def findings(self) -> list[Finding]:
        facts = self.facts()
        return sorted(
            {
                *checks.static(facts, facts.pairs),
                *checks.ran(facts, facts.pairs),
                *(f for pair in facts.pairs for f in pages.stale(facts, pair)),
            }
        )

    def said(self) -> str:
        """All findings as a person reads them."""
        return "\n\n".join(finding.text(self.root) for finding in self.findings())


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """One pair, feed/tiny, of which everything is true."""
    tiny = Tiny(tmp_path)
    assert tiny.said() == ""
    return tiny

"""All that the checks look at, read once: the files' texts and the runs."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.catalogue import Pair, find_pairs
from tools.page import Page, parse
from tools.runs import Run, Runs
from tools.source import LANGUAGES, Named, tests

_TEXT = {".md", ".py", ".js", ".html", ".json", ".txt"}


@dataclass(frozen=True, slots=True)
class Facts:
    """The repository as it stands, and what its programs did."""

    root: Path
    pairs: Sequence[Pair]  # in the order of the catalogue
    texts: dict[Path, str]
    runs: Runs

    def name(self, path: Path) -> str:
        """The path as people write it: from the root, with slashes."""
        return path.relative_to(self.root).as_posix()

    def text(self, name: str) -> str:
        """The text of a file that is named from the root; "" where there is none."""
        return self.texts.get(self.root / name, "")

    def page(self, pair: Pair) -> Page:
        """The page of a pair; an empty one where it has none."""
        return parse(self.texts.get(pair.page, ""))

    def title(self, pair: Pair) -> str:
        """The title of the page; the slug in words until it has one."""
        return self.page(pair).title or pair.slug.replace("-", " ").capitalize()

    def tests(self, pair: Pair, language: str) -> dict[str, Named]:
        """The tests of a pair by name; none where they are missing or broken."""
        try:
            text = self.texts[pair.test(language)]
            return {test.name: test for test in tests(text, language)}
        except (KeyError, SyntaxError):
            return {}

    def ran(self, pair: Pair) -> dict[str, Run]:
        """What each language did, if both programs ran and ended well."""
        runs = {
            language: self.runs[pair, language]
            for language in LANGUAGES
            if (pair, language) in self.runs
        }
        fine = len(runs) == len(LANGUAGES) and all(run.fine for run in runs.values())
        return runs if fine else {}


def read(root: Path, runs: Runs | None = None) -> Facts:
    """Read the repository at `root`."""
    pairs = find_pairs(root)
    paths = {path for pair in pairs for path in pair.files}
    paths |= {root / "README.md", *(root / "docs").glob("*.*")}
    paths |= {*(root / "docs").glob("[!_]*/*.md")}
    texts = {
        path: path.read_text("utf-8")
        for path in sorted(paths)
        if path.is_file() and path.suffix in _TEXT
    }
    return Facts(root, pairs, texts, runs or {})


def put(path: Path, text: str) -> None:
    """Write a file; its folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def target(page: Path, link: str) -> Path:
    """The file that a relative link on a page points to."""
    joined = posixpath.join(page.parent.as_posix(), link.partition("#")[0])
    return Path(posixpath.normpath(joined)) if link[:1] != "#" else page

"""All that the checks look at, read once: the files' texts and the runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.catalogue import Pair, find_pairs
from tools.page import Page, parse
from tools.runs import Run, Runs
from tools.source import LANGUAGES, Named, tests

_TEXT = {".md", ".py", ".js", ".html", ".json", ".txt"}


@dataclass(frozen=True)
class Facts:
    """The repository as it stands, and what its programs did."""

    root: Path
    pairs: Sequence[Pair]  # in the order of the catalogue
    texts: dict[Path, str]
    runs: Runs

    def name(self, path: Path) -> str:
        """The path as people write it: from the root, with slashes."""
        return path.relative_to(self.root).as_posix()

    def text(self, name: str | Path) -> str:
        """The text of a file, by its path or its name; "" where there is none."""
        path = name if isinstance(name, Path) else self.root / name
        return self.texts.get(path, "")

    def page(self, pair: Pair) -> Page:
        """The page of a pair; an empty one where it has none."""
        return parse(self.text(pair.page))

    def title(self, pair: Pair) -> str:
        """The title of the page; the slug in words until it has one."""
        return self.page(pair).title or pair.slug.replace("-", " ").capitalize()

    def tests(self, pair: Pair, language: str) -> dict[str, Named]:
        """The tests of a pair by name; none where they are broken."""
        try:
            found = tests(self.text(pair.test(language)), language)
        except SyntaxError:
            return {}
        return {test.name: test for test in found}

    def ran(self, pair: Pair) -> dict[str, Run]:
        """What each language did, if both programs ran and ended well."""
        both = [self.runs.get((pair, language)) for language in LANGUAGES]
        fine = [run for run in both if run and run.fine]
        return dict(zip(LANGUAGES, fine, strict=True)) if len(fine) == 2 else {}


def read(root: Path, runs: Runs | None = None) -> Facts:
    """Read the repository at `root`."""
    pairs, docs = find_pairs(root), root / "docs"
    paths = {path for pair in pairs for path in pair.files}
    paths |= {*root.glob("*.md"), *docs.glob("*.*"), *docs.glob("[!_]*/*.md")}
    there = sorted(p for p in paths if p.is_file() and p.suffix in _TEXT)
    return Facts(root, pairs, {p: p.read_text("utf-8") for p in there}, runs or {})


def put(path: Path, text: str) -> None:
    """Write a file; its folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def target(page: Path, link: str) -> Path:
    """The file that a relative link on a page points to."""
    file = link.partition("#")[0]
    return Path(os.path.normpath(page.parent / file)) if file else page

"""Find the pairs: the file system says which there are, docs/README.md their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_CHAPTERS = {"mock_api", "tools", "live", "_static", "__pycache__", "node_modules"}
NOT_PAIRS = {"README.md", "__init__.py", "conftest.py"}
INDEX = "docs/README.md"
MOVED = "This page has moved to ["  # the text of what is left where a page was
_PLACE = re.compile(r"^(?:\||###) \[[^\]]*\]\((\w+)/([\w-]+)\.md\)", re.MULTILINE)


@dataclass(frozen=True, order=True, slots=True)
class Pair:
    """One concept: two programs, two tests, one page (any may be missing)."""

    chapter: str
    slug: str
    root: Path = ROOT

    @property
    def name(self) -> str:
        """`chapter/slug`."""
        return f"{self.chapter}/{self.slug}"

    @property
    def module(self) -> str:
        """The slug as a Python module is named."""
        return self.slug.replace("-", "_")

    @property
    def python(self) -> Path:
        """The Python program."""
        return self.root / "python" / self.chapter / f"{self.module}.py"

    @property
    def javascript(self) -> Path:
        """The JavaScript program."""
        return self.root / "javascript" / self.chapter / f"{self.slug}.js"

    @property
    def page(self) -> Path:
        """The page that shows both."""
        return self.root / "docs" / self.chapter / f"{self.slug}.md"

    @property
    def html(self) -> Path:
        """The web page in which both programs run, if they are for a browser."""
        return self.javascript.with_suffix(".html")

    @property
    def in_browser(self) -> bool:
        """Whether the programs run in a browser; Python tests both of them there."""
        return self.html.is_file()

    def program(self, language: str) -> Path:
        """The program in `python` or `javascript`."""
        return self.python if language == "python" else self.javascript

    def test(self, language: str) -> Path:
        """The test in `python` or `javascript`."""
        if language == "python":
            return self.python.with_name(f"test_{self.python.name}")
        return self.javascript.with_suffix(".test.js")

    @property
    def files(self) -> tuple[Path, ...]:
        """All five, in the order in which a reader meets them."""
        last = self.html if self.in_browser else self.test("javascript")
        return (self.python, self.javascript, self.page, self.test("python"), last)


def find_pairs(root: Path = ROOT) -> list[Pair]:
    """Every pair of which at least one file exists, in the order of the catalogue.

    A pair that the catalogue does not name is the last of its chapter.
    """
    order, pairs = _order(root), set(_candidates(root))
    chapters = find_chapters(root, pairs)

    def place(pair: Pair) -> tuple[int, int, str]:
        at = order.get((pair.chapter, pair.slug), len(order))
        return chapters.index(pair.chapter), at, pair.slug

    return sorted(pairs, key=place)


def find_chapters(root: Path, pairs: Iterable[Pair]) -> list[str]:
    """The chapters in the order of the catalogue; those that are not in it last."""
    chapters = {path.parent.name for path in (root / "docs").glob("[!_]*/README.md")}
    chapters |= {pair.chapter for pair in pairs}
    named = dict.fromkeys(chapter for chapter, _ in _order(root))
    return [*(c for c in named if c in chapters), *sorted(chapters - {*named})]


def _order(root: Path) -> dict[tuple[str, str], int]:
    """The place of each chapter and slug in the catalogue."""
    index = root / INDEX
    text = index.read_text("utf-8") if index.is_file() else ""
    found = dict.fromkeys(_PLACE.findall(text))
    return {place: at for at, place in enumerate(found)}


def _candidates(root: Path) -> Iterator[Pair]:
    for top, suffix in (("python", ".py"), ("javascript", ".js"), ("docs", ".md")):
        for path in (root / top).glob(f"*/*{suffix}"):
            chapter = path.parent.name
            if chapter in NOT_CHAPTERS or path.name in NOT_PAIRS:
                continue
            if top == "docs" and MOVED.encode() in path.read_bytes():
                continue
            name = path.name.removesuffix(suffix).removesuffix(".test")
            slug = name.removeprefix("test_").replace("_", "-")
            yield Pair(chapter, slug, root)

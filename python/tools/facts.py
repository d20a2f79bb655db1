"""All that the checks look at, read once: the files' texts and the runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools import page
from tools.catalogue import Pair, find_pairs
from tools.page import Section
from tools.runs import Runs
from tools.source import Named, tests
from tools.versions import Answers

INDEXES = ("README.md", "docs/index.md")
PHRASEBOOK = "docs/phrasebook.md"
_NEXT = re.compile(r"^- Next: \[([^\]]*)\]\(([^)#\s]+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Facts:
    """The repository as it stands, and what its programs did."""

    root: Path
    pairs: Sequence[Pair]
    texts: dict[Path, str]
    runs: Runs
    versions: dict[str, Answers] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """The path as people write it: from the root, with slashes."""
        return path.relative_to(self.root).as_posix()

    def page(self, pair: Pair) -> list[Section]:
        """The sections of a pair's page; none where it has no page."""
        text = self.texts.get(pair.page)
        return [] if text is None else page.sections(text)

    def title(self, pair: Pair) -> str:
        """The title of the page; the slug in words until it has one."""
        first = next(iter(self.page(pair)), None)
        words = pair.slug.replace("-", " ").capitalize()
        return first.title if first and first.title else words

    def tests(self, path: Path, language: str) -> dict[str, Named]:
        """The tests of a file by name; none where it is missing or broken."""
        try:
            return {test.name: test for test in tests(self.texts[path], language)}
        except (KeyError, SyntaxError):
            return {}


def read(root: Path, runs: Runs | None = None) -> Facts:
    """Read the repository at `root`."""
    pairs = find_pairs(root)
    paths = {path for pair in pairs for path in pair.files}
    paths |= {root / name for name in INDEXES}
    paths |= {
        path
        for path in (root / "docs").rglob("*.md")
        if not any(part.startswith("_") for part in path.parts[len(root.parts) :])
    }
    texts = {path: path.read_text("utf-8") for path in sorted(paths) if path.is_file()}
    return Facts(root, pairs, texts, runs or {})


def target(page: Path, link: str) -> Path:
    """The file that a relative link on a page points to."""
    joined = posixpath.join(page.parent.as_posix(), link.partition("#")[0])
    return Path(posixpath.normpath(joined))


def next_links(facts: Facts, pair: Pair) -> list[tuple[int, str, Path]]:
    """Line, title and target of each `- Next:` item under *Read on*."""
    section = page.find(facts.page(pair), "Read on")
    if section is None:
        return []
    return [
        (
            section.line + section.text[: match.start()].count("\n"),
            match[1],
            target(pair.page, match[2]),
        )
        for match in _NEXT.finditer(section.text)
    ]


def reading_order(facts: Facts) -> list[Pair]:
    """The pages along the chain of `Next` links, chapters kept together.

    Pages that no chain reaches come after, by name.
    """
    with_page = {p.page: p for p in facts.pairs if p.page in facts.texts}
    after: dict[Pair, Pair] = {}
    for pair in with_page.values():
        for _, _, path in next_links(facts, pair)[:1]:
            if path in with_page:
                after[pair] = with_page[path]
    heads = [pair for pair in with_page.values() if pair not in after.values()]
    chains = []
    for pair in heads:
        chain = [pair]
        while (pair := after.get(pair, chain[0])) not in chain:
            chain.append(pair)
        chains.append(chain)
    chains.sort(key=lambda chain: (-len(chain), chain[0]))
    sequence = [pair for chain in chains for pair in chain]
    # Only a cycle has no head; the checks speak of it.
    sequence += [pair for pair in with_page.values() if pair not in sequence]
    sequence = list(dict.fromkeys(sequence))
    chapters = list(dict.fromkeys(pair.chapter for pair in sequence))
    return sorted(sequence, key=lambda pair: chapters.index(pair.chapter))

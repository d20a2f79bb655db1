"""A page, parsed once by markdown-it: its blocks, what they say, where they stand.

Lines are counted from 0 here, as markdown-it counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

FENCES = {"python": "python", "javascript": "js"}
TITLE, BULLETS, RUN_LINE, PROGRAMS = "title", "bullets", "run line", "programs"
_PARSER = MarkdownIt("commonmark").enable("table")
_ID = re.compile(r'<a id="([^"]+)">')


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text; `line` counts from 0."""

    text: str
    href: str
    title: str
    line: int


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """A heading, paragraph, fence, list or table; or an item, or a cell of one."""

    kind: str  # markdown-it's word, such as "bullet_list"
    start: int
    end: int  # the line after its last
    tokens: tuple[Token, ...]

    @property
    def level(self) -> int:
        """1 to 6 of a heading; 0 of all else."""
        return int(self.tokens[0].tag[1:]) if self.kind == "heading" else 0

    @property
    def language(self) -> str:
        """What a fence says that it holds."""
        return self.tokens[0].info.split(" ")[0] if self.kind == "fence" else ""

    @property
    def body(self) -> str:
        """What a fence or a piece of HTML holds."""
        return self.tokens[0].content

    @property
    def text(self) -> str:
        """What a reader sees, on one line: no backticks, no addresses."""
        words = []
        for token, _ in self._inline():
            if token.type in ("text", "code_inline"):
                words.append(token.content)
            elif token.type in ("softbreak", "hardbreak"):
                words.append(" ")
        return "".join(words)

    @property
    def codes(self) -> list[str]:
        """The code in the text."""
        return [t.content for t, _ in self._inline() if t.type == "code_inline"]

    @property
    def links(self) -> list[Link]:
        """The links in the text."""
        found: list[Link] = []
        words: list[str] = []
        for token, line in self._inline():
            if token.type == "link_open":
                href, title = (str(token.attrs.get(a, "")) for a in ("href", "title"))
                found.append(Link("", unquote(href), title, line))
                words = []
            elif token.type == "link_close":
                link = found.pop()
                found.append(Link("".join(words), link.href, link.title, link.line))
            else:
                words.append(token.content)
        return found

    @property
    def ids(self) -> list[str]:
        """The addresses in it that an author gave: `<a id="…">`."""
        html = [t.content for t, _ in self._inline() if t.type == "html_inline"]
        html += [t.content for t in self.tokens if t.type == "html_block"]
        return [name for text in html for name in _ID.findall(text)]

    @property
    def only_ids(self) -> bool:
        """Whether it holds addresses and nothing else."""
        return bool(self.ids) and not self.text.strip()

    @property
    def items(self) -> list[Block]:
        """The items of a list."""
        return _blocks(self.tokens, "list_item", 1)

    @property
    def rows(self) -> list[Block]:
        """The rows of a table, its header first."""
        return _blocks(self.tokens, "tr", 2)

    @property
    def cells(self) -> list[Block]:
        """The cells of a row."""
        return [
            Block("cell", self.start, self.end, (token,))
            for token in self.tokens
            if token.type == "inline"
        ]

    def _inline(self) -> Iterator[tuple[Token, int]]:
        """The tokens of all text in it, with their lines."""
        for token in self.tokens:
            if token.type == "inline":
                line = token.map[0] if token.map else self.start
                for child in token.children or ():
                    yield child, line
                    line += child.type in ("softbreak", "hardbreak")


@dataclass(frozen=True, eq=False, slots=True)
class Page:
    """The lines of a page and its blocks."""

    lines: Sequence[str]
    blocks: Sequence[Block]

    def source(self, blocks: Iterable[Block]) -> str:
        """The lines of the blocks, one empty line between two."""
        texts = ["\n".join(self.lines[b.start : b.end]).rstrip() for b in blocks]
        return "\n\n".join(texts)

    @property
    def title(self) -> str:
        """The words of the first heading."""
        return next((b.text for b in self.blocks if b.level == 1), "")

    @property
    def anchors(self) -> dict[str, int]:
        """Every address on the page, and its line: of headings and of `<a id>`."""
        found: dict[str, int] = {}
        for block in self.blocks:
            for name in block.ids:
                found.setdefault(name, block.start)
            if block.level:
                found.setdefault(self.anchor(block), block.start)
        return found

    def anchor(self, heading: Block) -> str:
        """The address that GitHub gives to a heading of the page."""
        name = anchor(heading.text)
        before = self.blocks[: self.blocks.index(heading)]
        same = sum(b.level > 0 and anchor(b.text) == name for b in before)
        return f"{name}-{same}" if same else name


def anchor(words: str) -> str:
    """The address that GitHub makes of a heading's words."""
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


@cache
def parse(text: str) -> Page:
    """The page that a text is."""
    return Page(text.split("\n"), _blocks(_PARSER.parse(text), "", 0))


def _blocks(tokens: Iterable[Token], kind: str, level: int) -> list[Block]:
    """The blocks of one level, all kinds where `kind` is empty."""
    found: list[Block] = []
    inside: list[Token] = []
    for token in tokens:
        inside.append(token)
        if token.level == level and token.nesting <= 0:
            first, name = inside[0], token.type.removesuffix("_close")
            if first.map and kind in ("", name):
                start, end = first.map
                found.append(Block(name, start, end, tuple(inside)))
            inside = []
        elif token.level < level:
            inside = []
    return found


def parts(page: Page) -> dict[str, list[Block]]:
    """The blocks of a pair's page under the name of what they belong to.

    An address belongs to the heading below it.
    """
    found: dict[str, list[Block]] = {}
    heading, waiting = "", list[Block]()
    for block in page.blocks:
        if block.only_ids:
            waiting.append(block)
            continue
        if block.level == 2:
            heading = block.text
        name = heading or _part_of_top(block)
        found.setdefault(name, []).extend([*waiting, block])
        waiting = []
    found.setdefault(heading or TITLE, []).extend(waiting)
    return found


def _part_of_top(block: Block) -> str:
    """What a block above the first `##` belongs to."""
    if block.kind == "bullet_list":
        return BULLETS
    if block.kind == "fence":
        return PROGRAMS
    if block.text.startswith("Run both:"):
        return RUN_LINE
    links = block.links
    if links and block.text == links[0].text and links[0].href.startswith("../../"):
        return PROGRAMS
    return TITLE


def fence(language: str, body: str) -> str:
    """A fenced block that holds `body`, whatever is in it."""
    mark = "```"
    while mark in body:
        mark += "`"
    return f"{mark}{language}\n{body.removesuffix(chr(10))}\n{mark}"

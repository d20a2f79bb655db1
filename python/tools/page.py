"""A page, parsed once by markdown-it: its blocks, their words, its addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode as Node

__all__ = ["Node", "Page", "parse"]
FENCES = {"python": "python", "javascript": "js"}
TITLE, BULLETS, RUN_LINE, PROGRAMS = "title", "bullets", "run line", "programs"
_PARSER = MarkdownIt("commonmark").enable("table")
_BREAKS = ("softbreak", "hardbreak")


@dataclass(frozen=True)
class Page:
    """The lines of a page and its blocks."""

    lines: list[str]
    blocks: list[Node]

    def source(self, blocks: Iterable[Node]) -> str:
        """The lines of the blocks, one empty line between two."""
        spans = (block.map or (0, 0) for block in blocks)
        return "\n\n".join("\n".join(self.lines[a:b]).rstrip() for a, b in spans)

    @property
    def title(self) -> str:
        """The words of the first heading."""
        return next((words(b) for b in self.blocks if b.tag == "h1"), "")

    @cached_property
    def anchors(self) -> dict[str, Node]:
        """Every address on the page as GitHub makes it: of headings and of `<a id>`."""
        found: dict[str, Node] = {}
        for block in self.blocks:
            found |= dict.fromkeys(ids(block), block)
            if block.type == "heading":
                name = anchor(words(block))
                same = (f"{name}-{n}" if n else name for n in range(len(found) + 1))
                found[next(name for name in same if name not in found)] = block
        return found

    @cached_property
    def parts(self) -> dict[str, list[Node]]:
        """The blocks of a pair's page under the name of what they belong to.

        An address belongs to the heading below it.
        """
        found: dict[str, list[Node]] = {}
        heading, waiting = "", list[Node]()
        for block in self.blocks:
            waiting.append(block)
            if not only_ids(block):
                heading = words(block) if block.tag == "h2" else heading
                found.setdefault(heading or _top(block), []).extend(waiting)
                waiting = []
        found.setdefault(heading or TITLE, []).extend(waiting)
        return found


def _top(block: Node) -> str:
    """What a block above the first `##` belongs to."""
    if block.type == "bullet_list":
        return BULLETS
    text, links = words(block), every(block, "link")
    if text.startswith("Run both:"):
        return RUN_LINE
    to_file = links and text == words(links[0]) and href(links[0]).startswith("../../")
    return PROGRAMS if block.type == "fence" or to_file else TITLE


@cache
def parse(text: str) -> Page:
    """The page that a text is."""
    return Page(text.split("\n"), Node(_PARSER.parse(text)).children)


def every(node: Node, kind: str) -> list[Node]:
    """All in it that are of this kind: "link", "code_inline", "tr", "list_item"."""
    return [inner for inner in node.walk() if inner.type == kind]


def words(node: Node) -> str:
    """What a reader sees of it, on one line: no backquotes, no addresses."""
    inner = (n for n in node.walk() if n.type in ("text", "code_inline", *_BREAKS))
    return "".join(" " if n.type in _BREAKS else n.content for n in inner)


def codes(node: Node) -> list[str]:
    """The code in it."""
    return [code.content for code in every(node, "code_inline")]


def href(link: Node) -> str:
    """Where a link leads."""
    return unquote(str(link.attrs["href"]))


def ids(node: Node) -> list[str]:
    """The addresses in it that an author gave: `<a id="…">`."""
    html = "".join(tag.content for tag in every(node, "html_inline"))
    return re.findall(r'<a id="([^"]+)">', html)


def only_ids(node: Node) -> bool:
    """Whether it holds addresses and nothing else."""
    return bool(ids(node)) and not words(node).strip()


def line(node: Node) -> int:
    """Where it begins, from 1."""
    while node.map is None and node.parent:
        node = node.parent
    return node.map[0] + 1 if node.map else 0


def anchor(heading: str) -> str:
    """The address that GitHub makes of a heading's words."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def fence(language: str, body: str) -> str:
    """A fenced block that holds `body`, whatever is in it."""
    mark = "```"
    while mark in body:
        mark += "`"
    return f"{mark}{language}\n" + body.removesuffix("\n") + f"\n{mark}"

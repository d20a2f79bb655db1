"""The pages of the site, from the Markdown that GitHub shows.

No page holds a directive: the navigation, the links to files and the frame around
the two programs are added here, on the way to HTML.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

from live.sphinx_files import BESIDE
from live.sphinx_sources import HOME, reference
from tools.catalogue import MOVED, ROOT, Pair, find_chapters, find_pairs
from tools.heading.run_line import PROVEN, ranges
from tools.page import every, href, ids, parse
from tools.source import TITLES

LOGGER = logging.getLogger(__name__)
CATALOGUE, CONCEPTS = "README", "Concepts"
_SHOWN = re.compile(r"<!-- pair: ([\w/-]+) -->")
_PICTURE = re.compile(
    r'<picture>\s*<source [^>]*srcset="([^"]+)">\s*<img alt="([^"]*)" src="([^"]+)">'
    r"\s*</picture>"
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what to call."""
    app.setup_extension("myst_parser")
    app.connect("source-read", read)
    app.connect("doctree-read", frame_pairs)
    app.connect("env-updated", name_catalogue)
    app.connect("html-page-context", fill_in)
    app.add_node(pair_node, html=(visit_pair, depart))
    app.add_node(program_node, html=(visit_program, depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


# What Sphinx reads.


def read(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the README in the place of the home page, and add the navigation."""
    if docname == HOME:
        app.env.note_dependency(str(ROOT / "README.md"))
        source[0] = home(source[0])
    source[0] += navigation(docname)


def home(moved: str) -> str:
    """The README as the first page, with the addresses of the page that was there."""
    text = (ROOT / "README.md").read_text("utf-8")
    text = _PICTURE.sub(both_pictures, text)
    old = (name for block in parse(moved).blocks for name in ids(block))
    anchors = "".join(f'<a id="{name}"></a>' for name in old)
    return text.replace("\n## Catalogue\n", f"\n{anchors}\n\n## Catalogue\n")


def both_pictures(found: re.Match[str]) -> str:
    """A picture for each theme, of which the style sheet shows one."""
    dark, alt, light = found.groups()
    return "\n\n".join(
        f'<img class="only-{theme}" alt="{alt}" src="{path.removeprefix("docs/")}">'
        for theme, path in (("light", light), ("dark", dark))
    )


def navigation(docname: str) -> str:
    """What lies below a page, in the order of the catalogue."""
    pairs = find_pairs()
    chapter = docname.removesuffix("/README")
    if docname == HOME:
        below = [CATALOGUE, *BESIDE]
    elif docname == CATALOGUE:
        below = [f"{c}/README" for c in find_chapters(ROOT, pairs)]
    elif docname != chapter:
        below = [f"/{pair.name}" for pair in pairs if pair.chapter == chapter]
    else:
        return ""
    entries = "\n".join(below)
    return f"\n\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n"


def name_catalogue(app: Sphinx, env: BuildEnvironment) -> None:
    """Name the catalogue as the navigation does; the home page has its title, too."""
    env.titles[CATALOGUE] = env.longtitles[CATALOGUE] = nodes.title("", CONCEPTS)


# The two programs side by side.


class pair_node(nodes.General, nodes.Element):  # noqa: N801, as docutils names nodes
    """Two programs, side by side where there is room."""


class program_node(nodes.General, nodes.Element):  # noqa: N801
    """One program: the link to its file, and its source."""


def frame_pairs(app: Sphinx, doctree: nodes.document) -> None:
    """Frame the two programs of a page, so that they can stand side by side."""
    docname = app.env.docname
    pairs = {pair.name: pair for pair in find_pairs()}
    if pair := pairs.get(docname):
        frame(app, doctree, pair)
    for head in doctree.findall(nodes.thead):
        for cell in head.findall(nodes.entry):
            # A table says more to a screen reader if no column is without a name.
            if not cell.astext():
                name = nodes.inline("", "Step", classes=["visually-hidden"])
                cell.children = [nodes.paragraph("", "", name)]
    for comment in doctree.findall(nodes.raw):
        if shown := _SHOWN.fullmatch(comment.astext().strip()):
            frame(app, doctree, pairs[shown[1]])


def frame(app: Sphinx, doctree: nodes.document, pair: Pair) -> None:
    """Frame the programs of one pair; a page without them is an error."""
    whole = pair_node(pair=pair.name, why_not=why_not(pair))
    for language in TITLES:
        path = pair.program(language)
        source = path.read_text("utf-8").strip()
        blocks = doctree.findall(nodes.literal_block)
        block = next((b for b in blocks if b.astext().strip() == source), None)
        if block is None:
            LOGGER.warning("%s is not on its page", path, location=doctree)
            return
        block["highlight_args"] = {"linespans": language}
        program = program_node("", language=language, name=path.name)
        link = block.parent[block.parent.index(block) - 1]
        if not whole.children:
            block.parent.insert(block.parent.index(block), whole)
        if is_link(link):
            link.parent.remove(link)
        else:
            link = link_to(app.env, path)
        block.parent.remove(block)
        program += [link, block]
        whole += program


def is_link(node: nodes.Node) -> bool:
    """Whether a paragraph is a link and nothing else."""
    return isinstance(node, nodes.paragraph) and [type(c) for c in node.children] == [
        nodes.reference
    ]


def link_to(env: BuildEnvironment, path: Path) -> nodes.paragraph:
    """A paragraph with a link to a file, as it stands on the page of a pair."""
    name = path.relative_to(ROOT).as_posix()
    link = reference(env, name)
    link += nodes.Text(name)
    return nodes.paragraph("", "", link)


@cache
def why_not(pair: Pair) -> str | None:
    """Why a pair cannot run in a page; None if it can."""
    if not find_spec("live.pairs"):
        return None
    return import_module("live.pairs").why_not(pair)


def visit_pair(self: HTML5Translator, node: pair_node) -> None:
    """Open the frame of a pair."""
    why = {"data-why-not": node["why_not"]} if node["why_not"] else {}
    tag = self.starttag(node, "div", CLASS="pair", **{"data-pair": node["pair"]}, **why)
    self.body.append(tag)


def visit_program(self: HTML5Translator, node: program_node) -> None:
    """Open the frame of a program."""
    data = {"data-language": node["language"], "data-name": node["name"]}
    self.body.append(self.starttag(node, "div", CLASS="program", **data))


def depart(self: HTML5Translator, node: nodes.Element) -> None:
    """Close a frame."""
    self.body.append("</div>\n")


# What the templates show.


def fill_in(
    app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """What the templates show beside the page itself."""
    is_pair = docname in {pair.name for pair in find_pairs()}
    context |= {"proven": proven(), "commit": commit(), "is_pair": is_pair}
    context["shows_pair"] = is_pair or docname == HOME
    context["live"] = (ROOT / "javascript" / "live" / "page.js").is_file()
    context["moved_to"] = moved_to(docname)


@cache
def proven() -> str:
    """What every test has passed on: "Python 3.11–3.13 and Node 24, 26"."""
    versions: dict[str, list[str]] = json.loads((ROOT / PROVEN).read_text("utf-8"))
    return " and ".join(f"{name} {ranges(some)}" for name, some in versions.items())


@cache
def commit() -> str:
    """The short name of the commit that is built, or "unknown" outside of git."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        shown = subprocess.run(
            command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return shown.stdout.strip()


@cache
def moved_to(docname: str) -> str:
    """Where what stood on a page has gone, as a link; "" if it is still there."""
    path = ROOT / "docs" / f"{docname}.md"
    if docname == HOME or not path.is_file():
        return ""
    text = path.read_text("utf-8")
    return moved_link(text)


def moved_link(text: str) -> str:
    """The address of the link in "This page has moved to […](…)"; "" without one."""
    if MOVED not in text:
        return ""
    last = [link for block in parse(text).blocks for link in every(block, "link")][-1]
    return re.sub(r"\.md(?=#|$)", ".html", href(last))

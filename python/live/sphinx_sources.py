"""A page for each file to which a page links, with an address for each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from markdown_it.tree import SyntaxTreeNode
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from myst_parser.parsers.mdit import create_md_parser
from myst_parser.parsers.sphinx_ import MystParser
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

from tools.catalogue import ROOT, find_pairs

HOME = "index"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what to call."""
    app.setup_extension("myst_parser")
    app.add_source_parser(Parser, override=True)
    app.connect("html-collect-pages", pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


# Links.


class Parser(MystParser):
    """MyST's parser, with links to files of the repository."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Parse a page into `document`."""
        config: MdParserConfig = document.settings.env.myst_config
        parser = create_md_parser(config, Renderer)
        parser.options["document"] = document
        parser.render(inputstring)


class Renderer(SphinxRenderer):
    """MyST's renderer, which would offer files of the repository as downloads."""

    def render_link_unknown(self, token: SyntaxTreeNode) -> None:
        """Link to another page, or to the page of a file."""
        env = self.sphinx_env
        path, _, anchor = str(token.attrs["href"]).partition("#")
        file = (folder(env.docname) / path).resolve()
        if not file.is_file():
            super().render_link_unknown(token)
            return
        if docname := page_of(env, file):
            token.attrs["href"] = f"/{docname}.md" + (f"#{anchor}" if anchor else "")
            super().render_link_unknown(token)
            return
        link = reference(env, file.relative_to(ROOT).as_posix(), anchor)
        self.copy_attributes(token, link, ("reftitle",), aliases={"title": "reftitle"})
        self.add_line_and_source_path(link, token)
        with self.current_node_context(link, append=True):
            self.render_children(token)


def folder(docname: str) -> Path:
    """The folder from which the links of a page go out."""
    return ROOT if docname == HOME else (ROOT / "docs" / docname).parent


def page_of(env: BuildEnvironment, file: Path) -> str | None:
    """The page that the site makes of a file, if it makes one."""
    if file == ROOT / "README.md":
        return HOME
    inside = file.is_relative_to(env.srcdir) and file.suffix == ".md"
    return env.path2doc(str(file)) if inside else None


def reference(env: BuildEnvironment, name: str, anchor: str = "") -> nodes.reference:
    """A link from the page that is read to the page of a file; it is noted."""
    env.metadata[env.docname].setdefault("files", set()).add(name)
    up = "../" * env.docname.count("/")
    uri = f"{up}{name}.html" + (f"#{anchor}" if anchor else "")
    return nodes.reference("", "", internal=True, refuri=uri)


# Pages.


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The name, the context and the template of the page of each file."""
    linked: dict[str, list[str]] = {}
    for docname, about in sorted(app.env.metadata.items()):
        for name in cast(set[str], about.get("files", ())):
            linked.setdefault(name, []).append(docname)
    # A program belongs to its own page, whoever else links to it.
    for pair in find_pairs():
        for file in pair.files:
            linked[file.relative_to(ROOT).as_posix()] = [pair.name]
    for name, docnames in sorted(linked.items()):
        if name.endswith(".md") and name.startswith("docs/"):
            continue
        titles = [(docname, app.env.titles[docname].astext()) for docname in docnames]
        body = source((ROOT / name).read_text("utf-8"), name)
        context = {"title": name, "body": body, "pages": titles, "is_source": True}
        yield name, context, "source.html"


def source(text: str, name: str) -> str:
    """A file as HTML: each line has its number, and its address `#L12`."""
    try:
        lexer = get_lexer_for_filename(name, text)
    except ClassNotFound:
        lexer = TextLexer()
    formatter = HtmlFormatter(linespans="L", cssclass="highlight source")
    html = highlight(text, lexer, formatter)
    html = re.sub(r'<span id="L-(\d+)">', r'<span id="L\1">', html)
    return html.replace("<pre>", f'<pre tabindex="0" aria-label="{escape(name)}">')

"""One pair for a frame on somebody else's page: embed/<chapter>/<slug>.html."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.typing import ExtensionMetadata

from live.sphinx_pages import pair_node
from tools.catalogue import find_pairs
from tools.heading.output import Output
from tools.page import anchor


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what to call."""
    app.connect("html-collect-pages", pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The name, the context and the template of the view of each pair."""
    if not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    for pair in find_pairs():
        doctree = app.env.get_doctree(pair.name)
        programs = next(doctree.findall(pair_node))
        for link in programs.findall(nodes.reference):
            link["refuri"] = f"../{link['refuri']}"
        body = app.builder.render_partial(programs)["fragment"]
        context = {
            "title": app.env.titles[pair.name].astext(),
            "body": body,
            "output": output(app.builder, doctree),
            "page": pair.name,
        }
        yield f"embed/{pair.name}", context, "embed.html"


def output(builder: StandaloneHTMLBuilder, doctree: nodes.document) -> str:
    """What stands below "Output" on the page of a pair, as HTML."""
    name = anchor(Output.name)
    for section in doctree.findall(nodes.section):
        if name in section["ids"]:
            return "".join(
                builder.render_partial(block)["fragment"]
                for block in section.findall(nodes.literal_block)
            )
    return ""

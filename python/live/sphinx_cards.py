"""What a link to a page shows elsewhere: its title, a sentence and a card."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from live.card import HEIGHT, WIDTH, draw, lanes
from live.concepts import about
from live.sphinx_files import markdown
from tools.heading.what_the_api_saw import WhatTheApiSaw
from tools.page import Page, parse

FOLDER = "_cards"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what to call."""
    app.connect("html-page-context", describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def describe(
    app: Sphinx,
    docname: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Draw the card of a page of ours, and name it in the page's head."""
    if doctree is None:
        return
    page = parse(markdown(docname).read_text("utf-8"))
    card = f"{FOLDER}/{docname}.png"
    draw(Path(app.outdir, card), page.title, about(page), lanes(drawing(page)))
    base = app.config.html_baseurl
    # The sites that show it need a whole address; nobody else reads it.
    place = f"{base.rstrip('/')}/" if base else context["content_root"]
    tags = {
        "og:type": "article",
        "og:site_name": app.config.project,
        "og:title": page.title,
        "og:description": about(page),
        "og:image": f"{place}{card}",
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
    }
    if base:
        tags["og:url"] = f"{place}{docname}.html"
    lines = [
        f'<meta property="{name}" content="{escape(value)}"/>'
        for name, value in tags.items()
    ]
    lines.append(f'<meta name="description" content="{escape(about(page))}"/>')
    lines.append('<meta name="twitter:card" content="summary_large_image"/>')
    context["metatags"] = "\n".join([context.get("metatags", ""), *lines])


def drawing(page: Page) -> str:
    """What the API saw, as it stands on the page; "" without requests."""
    blocks = page.parts.get(WhatTheApiSaw.name, [])
    return "\n".join(block.content for block in blocks if block.type == "fence")

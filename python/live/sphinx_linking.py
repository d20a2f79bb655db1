"""What others need to link here: stable names in objects.inv, and two lists.

Another project can follow these names without an extension of ours, because they
are of kinds that Sphinx itself has: `doc`, `ref` and `term`. A domain of our own
would ask every such project to install it.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

from live.concepts import concepts
from live.names import headings, leads, phrases
from live.sphinx_sources import HOME
from tools.catalogue import ROOT
from tools.page import parse
from tools.phrasebook import PHRASEBOOK

SCRIPT = ROOT / "javascript" / "live" / "link-to-this.js"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what to call."""
    app.connect("config-inited", serve_script)
    app.add_js_file(SCRIPT.name, type="module")
    app.add_css_file("link-to-this.css")
    app.connect("doctree-read", keep_addresses)
    app.connect("env-updated", give_names)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def serve_script(app: Sphinx, config: Config) -> None:
    """Put the script beside the styles: each page needs it, not only those that run."""
    config.html_static_path.append(str(SCRIPT))


def keep_addresses(app: Sphinx, doctree: nodes.document) -> None:
    """Give each heading the address that GitHub's page has, if it lacks it."""
    docname = app.env.docname
    if docname == HOME:
        return
    page = parse((ROOT / "docs" / f"{docname}.md").read_text("utf-8"))
    named = [name for name, b in page.anchors.items() if b.type == "heading"]
    for name, section in zip(named, doctree.findall(nodes.section), strict=True):
        if name not in section["ids"]:
            section["ids"].append(name)


def give_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Put the names where objects.inv is made of."""
    standard = env.domains.standard_domain
    standard.labels.update(headings())
    docname = Path(PHRASEBOOK).stem
    for name in (name for row in phrases() for name in row.names):
        standard.objects["term", name] = (docname, name)


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the lists, unless the pages have failed."""
    if error or app.builder.format != "html":
        return
    for name, content in (("concepts", concepts()), ("addresses", leads())):
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        path = Path(app.outdir, f"{name}.json")
        path.write_text(text, "utf-8", newline="\n")

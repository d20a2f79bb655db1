"""What lies beside the pages: their Markdown, llms.txt, a site map, 404.html."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from live.sphinx_sources import HOME, folder
from tools.catalogue import ROOT, find_chapters, find_pairs
from tools.heading.title import first_sentence
from tools.page import parse

BESIDE = ["phrasebook", "messages", "questions", "glossary", "linking"]
# Where a link or a picture leads; what it leads to must exist, so code is left alone.
_TARGET = re.compile(r'(\]\(|\bsrc(?:set)?=")([^)\s"#:]+)')


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what to call."""
    app.connect("html-collect-pages", not_found)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def not_found(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page for an address that leads nowhere.

    It is shown at any depth, so it needs to know where the site begins.
    """
    base = urlsplit(app.config.html_baseurl).path.rstrip("/") + "/"
    tag = f'<base href="{escape(base)}">' if app.config.html_baseurl else ""
    yield "404", {"title": "Page not found", "metatags": tag}, "404.html"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the files, unless the pages have failed."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for docname in app.env.found_docs:
        path = out / f"{docname}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(raw(docname), "utf-8", newline="\n")
    out.joinpath("llms.txt").write_text(llms(), "utf-8", newline="\n")
    # GitHub would leave out every folder that begins with an underscore.
    out.joinpath(".nojekyll").touch()
    if base := app.config.html_baseurl:
        text = sitemap(base, sorted(app.env.found_docs))
        out.joinpath("sitemap.xml").write_text(text, "utf-8", newline="\n")


def markdown(docname: str) -> Path:
    """The file of which a page is made."""
    return ROOT / "README.md" if docname == HOME else ROOT / "docs" / f"{docname}.md"


def raw(docname: str) -> str:
    """The Markdown of a page, with links that lead on within the site."""

    def target(found: re.Match[str]) -> str:
        file = (folder(docname) / found[2]).resolve()
        if not file.is_file():
            return found[0]
        # On both sides from the root of the site, which has no place of its own.
        place = os.path.relpath(f"/{address(file)}", Path(f"/{docname}").parent)
        return found[1] + Path(place).as_posix()

    return _TARGET.sub(target, markdown(docname).read_text("utf-8"))


def address(file: Path) -> str:
    """Where the site has a file of the repository, from the root of the site."""
    name = file.relative_to(ROOT).as_posix()
    if name == "README.md":
        return f"{HOME}.md"
    if not name.startswith("docs/"):
        return f"{name}.html"
    if file.suffix != ".md":
        return f"_images/{file.name}"
    return name.removeprefix("docs/")


def llms() -> str:
    """All pages with what they are about, for programs that read (llmstxt.org)."""
    front = parse(markdown(HOME).read_text("utf-8"))
    lines = [f"# {front.title}", "", f"> {first_sentence(front)}"]
    pairs = find_pairs()
    for chapter in find_chapters(ROOT, pairs):
        here = [pair.name for pair in pairs if pair.chapter == chapter]
        title = parse(markdown(f"{chapter}/README").read_text("utf-8")).title
        lines += ["", f"## {title}", "", *map(_entry, here)] if here else []
    lines += ["", "## Look up", "", *map(_entry, BESIDE)]
    return "\n".join(lines) + "\n"


def _entry(docname: str) -> str:
    page = parse(markdown(docname).read_text("utf-8"))
    return f"- [{page.title}]({docname}.md): {first_sentence(page)}"


def sitemap(base: str, docnames: list[str]) -> str:
    """The site map, for search engines; `base` is the address of the site."""
    urls = (f"{base.rstrip('/')}/{docname}.html" for docname in docnames)
    lines = "".join(f"  <url><loc>{escape(url)}</loc></url>\n" for url in urls)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{lines}</urlset>\n"
    )

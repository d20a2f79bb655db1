"""How Sphinx makes the site from the pages that GitHub shows."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

project = "Async, side by side"
root_doc = "index"
source_suffix = {".md": "markdown"}
exclude_patterns = ["_*"]
templates_path = ["_templates"]
extensions = [
    "live.sphinx_pages",
    "live.sphinx_sources",
    "live.sphinx_files",
    "live.sphinx_linking",
    "live.sphinx_embed",
    "live.sphinx_cards",
    "sphinx_copybutton",
]

# As GitHub reads Markdown.
myst_enable_extensions = ["alert", "html_image", "linkify", "strikethrough", "tasklist"]
myst_heading_anchors = 4

# Where the site will be, if it is known; without it everything is relative.
html_baseurl = os.environ.get("SITE_URL", "")
html_title = project
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False  # the Markdown lies beside each page
html_show_sourcelink = False
html_use_index = False
smartquotes = False
html_sidebars = {"**": ["sidebar-nav-bs.html"]}
html_theme_options = {
    "logo": {"text": project},
    "navbar_align": "left",
    "navigation_depth": 3,
    "secondary_sidebar_items": [],
    "content_footer_items": ["proven.html"],
    "footer_start": [],
    "footer_end": [],
}

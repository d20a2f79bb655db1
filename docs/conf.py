"""How Sphinx makes the site from the pages that GitHub shows."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

project = "Async, side by side"
root_doc = "index"
source_suffix = {".md": "markdown"}
exclude_patterns = ["_*"]
extensions = ["myst_parser", "sphinx_copybutton"]

# As GitHub reads Markdown.
myst_enable_extensions = ["alert", "linkify", "strikethrough", "tasklist"]
myst_heading_anchors = 4

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
templates_path = ["_templates"]

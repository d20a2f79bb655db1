import re
from html import unescape

import pytest

from tools.catalogue import find_pairs
from tools.source import LANGUAGES


@pytest.mark.parametrize("pair", find_pairs(), ids=lambda pair: pair.name)
def test_the_view_has_both_programs_whole_and_leads_to_what_exists(site, pair):
    path = site / "embed" / f"{pair.name}.html"
    html = path.read_text("utf-8")
    shown = re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)
    texts = [unescape(re.sub("<[^>]+>", "", block)).strip() for block in shown]
    for language in LANGUAGES:
        assert pair.program(language).read_text("utf-8").strip() in texts
    assert len(texts) > 2  # and the output
    links = re.findall(r'\b(?:href|src)="([^"#]+)', html)
    assert f"../../{pair.name}.html" in links
    for link in links:
        assert (path.parent / link).is_file(), link


def test_each_link_leaves_the_frame(site):
    html = (site / "embed/combining/settle-all.html").read_text("utf-8")
    assert '<base target="_top"/>' in html
    assert "<nav" not in html

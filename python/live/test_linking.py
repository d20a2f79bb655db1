import json
import re
import subprocess
import sys
from html import unescape

import pytest

from live.concepts import concepts, constructs
from live.names import headings, leads, names_of, phrases
from tools.catalogue import ROOT, Pair, find_pairs
from tools.page import parse

THERE = "https://there.example/async/"
CLAIM = "combining/settle-all#one-failure-hides-everything-else"
MESSAGE = "messages#_gatheringfuture-exception-was-never-retrieved"
# What another project writes, and where it leads.
REST = {
    ":external+async:doc:`combining/settle-all`": "combining/settle-all.html",
    f":external+async:ref:`{CLAIM}`": CLAIM.replace("#", ".html#"),
    f":external+async:ref:`words <{CLAIM}>`": CLAIM.replace("#", ".html#"),
    f":external+async:ref:`{MESSAGE}`": MESSAGE.replace("#", ".html#"),
    ":external+async:ref:`glossary#promise`": "glossary.html#promise",
    ":external+async:term:`asyncio.gather`": "phrasebook.html#asyncio.gather",
    ":external+async:term:`all <Promise.all>`": "phrasebook.html#Promise.all",
    # Two names that differ in nothing but their case.
    ":external+async:term:`asyncio.timeout`": "phrasebook.html#asyncio.timeout",
    ":external+async:term:`asyncio.Timeout`": "phrasebook.html#asyncio.Timeout",
}
MYST = {
    "<inv:async#combining/settle-all>": "combining/settle-all.html",
    f"<inv:async#{CLAIM}>": CLAIM.replace("#", ".html#"),
    f"[words](inv:async#{CLAIM})": CLAIM.replace("#", ".html#"),
    f"<inv:async#{MESSAGE}>": MESSAGE.replace("#", ".html#"),
    "<inv:async#glossary#promise>": "glossary.html#promise",
    "<inv:async#asyncio.gather>": "phrasebook.html#asyncio.gather",
    "[all](inv:async#Promise.all)": "phrasebook.html#Promise.all",
    "<inv:async#asyncio.Timeout>": "phrasebook.html#asyncio.Timeout",
}


@pytest.fixture
def other(tmp_path, site):
    """Build another project with links to the site; what Sphinx says, and its HTML."""

    def build(name, lines):
        mapping = {"async": (THERE, str(site / "objects.inv"))}
        conf = (
            "extensions = ['myst_parser', 'sphinx.ext.intersphinx']\n"
            "root_doc = 'page'\n"
            f"intersphinx_mapping = {mapping!r}\n"
        )
        (tmp_path / "conf.py").write_text(conf, "utf-8")
        title = "# Page" if name.endswith(".md") else "Page\n===="
        text = "\n\n".join([title, *lines])
        (tmp_path / name).write_text(text, "utf-8")
        options = ["-n", "-W", "--keep-going", "-q"]
        command = [sys.executable, "-m", "sphinx", *options, ".", "out"]
        ran = subprocess.run(
            command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
        )
        html = tmp_path / "out" / "page.html"
        return ran.stderr, html.read_text("utf-8") if html.is_file() else ""

    return build


@pytest.mark.parametrize(("name", "links"), [("page.rst", REST), ("page.md", MYST)])
def test_another_project_links_to_each_kind_of_name(other, name, links):
    said, html = other(name, links)
    assert said == ""
    found = re.findall(rf'href="{re.escape(THERE)}([^"]+)"', html)
    assert found == [*links.values()]
    # A link without words of its own has the title.
    assert ">One failure hides everything else<" in re.sub("</?span[^>]*>", "", html)


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("page.rst", ":external+async:ref:`combining/settle-all#no-such-claim`"),
        ("page.md", "<inv:async#asyncio.no_such_name>"),
    ],
)
def test_a_name_that_does_not_exist_is_an_error_there(other, name, link):
    said, _ = other(name, [link])
    assert "not found" in said or "No matches" in said


@pytest.mark.parametrize(("name", "mark"), [("page.rst", ":"), ("page.md", "<")])
def test_the_page_that_explains_it_shows_names_that_exist(other, name, mark):
    text = (ROOT / "docs/linking.md").read_text("utf-8")
    shown = re.findall(r"^(?::external\+async:\w+:`.*`|<inv:.*>)$", text, re.MULTILINE)
    mine = [line for line in shown if line.startswith(mark)]
    assert len(mine) == 5
    said, _ = other(name, mine)
    assert said == ""


def test_every_published_address_leads_to_a_place_on_the_site(site):
    ids = {}
    published = json.loads((site / "addresses.json").read_text("utf-8"))
    assert published == leads()
    assert [*published] == (ROOT / "docs/addresses.txt").read_text("utf-8").split()
    for to in published.values():
        path, _, anchor = to.partition("#")
        if path not in ids:
            html = (site / path).read_text("utf-8")
            ids[path] = {unescape(name) for name in re.findall(r'\bid="([^"]+)"', html)}
        assert not anchor or anchor in ids[path], to


def test_what_has_moved_leads_to_where_it_is_now(monkeypatch):
    before = ("docs/a/b.md#c", "docs/a/d.md")
    monkeypatch.setattr("live.names.published", lambda: before)
    moved = {"a/b": "../e/f.html#g", "a/d": ""}
    monkeypatch.setattr("live.names.moved_to", moved.__getitem__)
    found = leads.__wrapped__()
    assert found == {"docs/a/b.md#c": "e/f.html#g", "docs/a/d.md": "a/d.html"}


def test_an_old_address_has_the_title_of_the_heading_below_it():
    found = headings()
    assert found["combining/settle-all#settle-all"].title == "Settle all"
    old = found["basics/callbacks#an-async-function-as-a-callback"]
    assert old.title == "An async function is a bad callback"


def test_the_rows_of_the_phrasebook_have_names_and_pages():
    row = next(row for row in phrases() if "asyncio.gather" in row.names)
    assert "Promise.all" in row.names
    assert "Promise.allSettled" in names_of(Pair("combining", "settle-all"))
    assert "Promise.allSettled" not in names_of(Pair("basics", "callbacks"))


def test_the_list_of_concepts_is_complete(site):
    listed = json.loads((site / "concepts.json").read_text("utf-8"))
    assert listed == concepts()
    assert [c["name"] for c in listed["concepts"]] == [p.name for p in find_pairs()]
    for concept in listed["concepts"]:
        assert (site / concept["address"]).is_file()
        assert (site / concept["embed"]).is_file()
        assert all((ROOT / file).is_file() for file in concept["files"])
        assert concept["runs_in_page"] is (concept["why_not"] is None)
        assert all(concept["constructs"].values()), concept["name"]


def test_constructs_are_the_code_of_each_column():
    text = "# A\n\n## Line by line\n\n| | Python | JavaScript |\n| --- | --- | --- |\n"
    page = parse(text + "| one | `a` or `b` | `c` |\n| two | `a` | — |\n")
    assert constructs(page) == {"python": ["a", "b"], "javascript": ["c"]}

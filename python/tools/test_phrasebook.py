import asyncio

import pytest

from tools import phrasebook
from tools.facts import put
from tools.test_pages import only

PHRASEBOOK = "docs/phrasebook.md"
TEXT = """\
# Phrasebook

| Python | JavaScript | Page |
| --- | --- | --- |
| <a id="asyncio.a"></a>`asyncio.a` | `Promise.a` | [Tiny feed](feed/tiny.md#a-claim) |
| <a id="Promise.a"></a>none: wait | `Promise.a` | — |
"""


@pytest.fixture
def book(tiny, monkeypatch):
    monkeypatch.setattr(phrasebook, "_names", lambda: ["asyncio.a", "Promise.a"])
    put(tiny.root / PHRASEBOOK, TEXT)
    tiny.write()
    assert tiny.said() == ""
    return tiny


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("| Page", "| Where", 3, "a table does not begin with | Python | JavaScript"),
        ('<a id="Promise.a"></a>', "", 6, "“none: wait” has no address"),
        (
            'id="Promise.a',
            'id="asyncio.a',
            6,
            "the address asyncio.a stands in line 5",
        ),
        ("| —", "| none", 6, "“none: wait” leads to no page"),
    ],
)
def test_a_row_that_is_wrong(book, old, new, line, message):
    book.edit(PHRASEBOOK, old, new)
    assert f"{PHRASEBOOK}:{line}: {message}" in book.said()


def test_a_link_that_leads_nowhere(book):
    book.edit(PHRASEBOOK, "#a-claim", "#a-clam")
    assert only(book)[1] == "the link feed/tiny.md#a-clam leads to no heading"


def test_a_name_without_a_row(book, monkeypatch):
    monkeypatch.setattr(phrasebook, "_names", lambda: ["asyncio.b", "Promise.a"])
    _, message, advice, _ = only(book)
    assert message == "names without a row: asyncio.b"
    assert advice == 'add a row for each: | <a id="asyncio.b"></a>`…` | `…` | — |'


def test_the_names_of_this_python_and_this_node():
    names = phrasebook._names()
    assert {"asyncio.gather", "Promise.all", "Promise.prototype.finally"} <= {*names}
    assert not any("watcher" in name.lower() for name in names)
    assert len(names) > len(asyncio.__all__)

from tools.conftest import INDEX
from tools.writing import put


def test_the_catalogue_in_both_places(tiny):
    tiny.edit(
        "docs/feed/tiny.md",
        "Say in one paragraph what this is and when it is needed.",
        "A [feed](x.md) or\ntwo | three. More of it.",
    )
    put(tiny.root / "README.md", "# Tiny\n\n## All\n\n" + INDEX[8:] + "\n## End\n")
    tiny.write()
    assert tiny.read("README.md") == (
        "# Tiny\n\n## All\n\n<!-- catalogue -->\n\n"
        "### Feed\n\n"
        "| Concept | What it is | Programs |\n"
        "| --- | --- | --- |\n"
        "| [Tiny feed](docs/feed/tiny.md) | A feed or two \\| three. "
        "| [Python](python/feed/tiny.py) [JavaScript](javascript/feed/tiny.js) |\n\n"
        "<!-- /catalogue -->\n\n## End\n"
    )
    index = tiny.read("docs/index.md")
    assert "\n## Feed\n" in index
    assert "[Tiny feed](feed/tiny.md)" in index
    assert "[Python](../python/feed/tiny.py)" in index
    assert "[JavaScript](../javascript/feed/tiny.js)" in index


def test_the_phrasebook(tiny):
    assert tiny.read("docs/phrasebook.md").partition("\n## ")[2] == (
        "[Tiny feed](feed/tiny.md#line-by-line)\n\n"
        "| | Python | JavaScript |\n"
        "| --- | --- | --- |\n"
        '| ask | `await client.get("/data")` | ``await fetch(`${apiUrl}/data`)`` |\n'
        "| refuse an error | `response.raise_for_status()` | `if (!response.ok)` |\n"
    )

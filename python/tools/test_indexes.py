import pytest

from tools.facts import put
from tools.finding import WRITE
from tools.indexes import _constructs
from tools.page import parse
from tools.test_pages import PAGE, only


def first_sentence(tiny, text):
    tiny.edit(PAGE, "say what this is, in one sentence.", text)
    tiny.write()


def test_the_catalogue(tiny):
    first_sentence(tiny, "A [feed](tiny.md) or\ntwo | three.")
    assert tiny.said() == ""
    assert tiny.read("docs/README.md").endswith(
        "<!-- catalogue -->\n\n"
        "### [Feed](feed/README.md)\n\n"
        "A chapter.\n\n"
        "| Concept | What it is | Constructs | Programs |\n"
        "| --- | --- | --- | --- |\n"
        "| [Tiny feed](feed/tiny.md) | A feed or two \\| three. | `fetch` "
        "| [Python](../python/feed/tiny.py) [JavaScript](../javascript/feed/tiny.js) "
        "|\n\n<!-- /catalogue -->\n"
    )


def test_a_class_of_the_program_is_no_construct():
    page = parse(
        "# Title\n\n```python\nclass Post(Model):\n```\n\n"
        "## Line by line\n\n| | Python | JavaScript |\n| --- | --- | --- |\n"
        "| send | `Post(Queue())` | `fetch(…)` |\n"
    )
    assert _constructs(page) == ["Queue", "fetch"]


def test_the_chapters(tiny):
    tiny.add("basics/other", "Other")
    first_sentence(tiny, "A feed.")
    assert tiny.read("docs/feed/README.md") == (
        "# Feed\n\nA chapter.\n\n<!-- pages -->\n\n"
        "1. [Tiny feed](tiny.md): A feed.\n\n<!-- /pages -->\n"
    )
    assert tiny.read("README.md") == (
        "# Tiny\n\n<!-- chapters -->\n\n"
        "- [Feed](docs/feed/README.md) (1 page): A chapter.\n"
        "- [Feed](docs/basics/README.md) (1 page): A chapter.\n\n"
        "<!-- /chapters -->\n"
    )


def test_a_chapter_without_a_readme_gets_one_to_fill(tiny):
    (tiny.root / "docs/feed/README.md").unlink()
    assert "docs/feed/README.md: missing\n" in tiny.said()
    tiny.write()
    _, message, advice, _ = only(tiny)
    assert (message, advice) == (
        "a placeholder is left",
        "say what the chapter is about",
    )


@pytest.mark.parametrize("name", ["README.md", "docs/README.md", "docs/feed/README.md"])
def test_an_index_that_is_not_what_the_pages_say(tiny, name):
    old = "1 page" if name == "README.md" else "[Tiny feed]"
    tiny.edit(name, old, f"{old}s")
    place, message, advice, diff = only(tiny)
    assert place == f"{name}:0"
    assert message == "not what the pages say"
    assert advice == WRITE
    assert f"{old}s" in diff


def test_the_rows_of_the_catalogue_are_the_order(tiny):
    tiny.add("feed/alpha", "Alpha")
    tiny.add("basics/first", "First of all")
    tiny.add("feed/zeta", "Zeta")
    assert tiny.said() == ""

    def titles(name):
        text = tiny.read(name)
        every = ("Tiny feed", "Alpha", "First of all", "Zeta")
        return sorted((t for t in every if t in text), key=text.index)

    # What is new comes last in its chapter, a new chapter last of all.
    assert titles("docs/README.md") == ["Tiny feed", "Alpha", "Zeta", "First of all"]
    lines = tiny.read("docs/README.md").splitlines()
    [row] = [line for line in lines if line.startswith("| [Zeta]")]
    lines.remove(row)
    at = next(i for i, line in enumerate(lines) if line.startswith("| [Tiny"))
    lines.insert(at, row)
    put(tiny.root / "docs/README.md", "\n".join(lines) + "\n")
    tiny.write()
    assert tiny.said() == ""
    assert titles("docs/README.md") == ["Zeta", "Tiny feed", "Alpha", "First of all"]
    assert titles("docs/feed/README.md") == ["Zeta", "Tiny feed", "Alpha"]
    last = tiny.read("docs/feed/alpha.md").splitlines()[-1]
    assert last == (
        "- Previous: [Tiny feed](tiny.md) · Next: [First of all](../basics/first.md)"
        " · [All concepts](../README.md)"
    )


def test_a_shown_pair_is_kept_equal(tiny):
    marks = "<!-- pair: feed/tiny -->\n<!-- /pair -->\n"
    put(tiny.root / "README.md", tiny.read("README.md") + marks)
    assert "README.md: not what the pages say" in tiny.said()
    tiny.write()
    assert tiny.said() == ""
    assert f"```js\n{tiny.read('javascript/feed/tiny.js')}```" in tiny.read("README.md")


def test_a_shown_pair_that_does_not_exist(tiny):
    marks = "<!-- pair: feed/tinny -->\n<!-- /pair -->\n"
    put(tiny.root / "README.md", tiny.read("README.md") + marks)
    _, message, advice, _ = only(tiny)
    assert message == "shows the pair feed/tinny, which does not exist"
    assert advice == "name one that does; nearest: feed/tiny"


@pytest.mark.parametrize(
    ("name", "mark"), [("README.md", "chapters"), ("docs/README.md", "catalogue")]
)
def test_no_place_for_what_is_collected(tiny, name, mark):
    put(tiny.root / name, tiny.read(name).replace(f"<!-- {mark} -->", ""))
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{name}:0", f"it has no place for the {mark}")
    assert advice.startswith(f"add the lines <!-- {mark} --> and <!-- /{mark} -->")

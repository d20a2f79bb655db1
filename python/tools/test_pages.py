"""Break the page of the tiny pair in one place; the finding must say what to do."""

import pytest

from tools.conftest import run
from tools.facts import put
from tools.finding import WRITE
from tools.heading.line_by_line import stands_in

PAGE = "docs/feed/tiny.md"
PYTHON = "python/feed/tiny.py"
PYTHON_TEST = "python/feed/test_tiny.py"
JAVASCRIPT_TEST = "javascript/feed/tiny.test.js"
TEST = "test_the_message_is_printed_when_it_comes"


def only(tiny):
    """The one finding: where it is, its message, its advice, its diff."""
    [finding] = tiny.findings()
    place = finding.file.relative_to(tiny.root).as_posix()
    return f"{place}:{finding.line}", finding.message, finding.advice, finding.diff


def line_of(tiny, words):
    lines = tiny.read(PAGE).splitlines()
    return next(i for i, line in enumerate(lines, 1) if words in line)


def author(tiny, old, new):
    """An edit of what an author writes; the tool then writes the rest."""
    tiny.edit(PAGE, old, new)
    tiny.write()


# ------------------------------------------------------------ what is derived


def test_the_whole_page(tiny):
    text = tiny.read(PAGE)
    assert text.startswith(
        "# Tiny feed\n\nsay what this is, in one sentence. Then when you need it, in "
        "one or two.\n\n- **Same:** what both languages do, with [a link](#a-claim)"
    )
    assert (
        "Run both: `nox -s compare -- tiny` · [how to read this page]"
        "(../README.md#how-to-read-a-page)\n\n"
        f'[{PYTHON}](../../{PYTHON})\n\n```python\n"""say in'
    ) in text
    assert (
        "```\n\n[javascript/feed/tiny.js](../../javascript/feed/tiny.js)\n\n```js\n"
    ) in text
    assert "## Output\n\n```text\nHello\n```\n\n## Line by line\n" in text
    assert (
        f'Proof: Python [1](../../{PYTHON_TEST}#L6 "{TEST}"),\n'
        f'JavaScript [1](../../{JAVASCRIPT_TEST}#L8 "the message is printed when it '
        'comes")\n'
    ) in text
    assert "```text\nboth  GET /data  ●━━━● 200\n```\n\n## Read on\n" in text
    assert text.endswith("\n- [All concepts](../README.md)\n")


def test_a_measured_value_may_differ_from_the_run_and_its_name_not(tiny):
    said = "the programs print something else"
    measured = "\n\nMeasured: on two cores (`nox -s compare -- tiny`)."
    for key in tiny.runs:
        tiny.runs[key] = run("Parallel: yes\n")
    tiny.write()
    tiny.edit(PAGE, "Parallel: yes\n```", f"Parallel: no\n```{measured}")
    assert tiny.said() == ""
    tiny.edit(PAGE, measured, "")
    assert said in tiny.said()
    tiny.edit(PAGE, "Parallel: no\n```", f"Together: no\n```{measured}")
    assert said in tiny.said()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("both: `nox", "both: `x", "the line that says how to run both"),
        ("import asyncio", "import  asyncio", "the programs on the page are not those"),
        ("```js", "```text\nmore\n```\n\n```js", "the programs on the page are not"),
        ("```text\nHello", "```text\nBye", "the programs print something else than"),
        ("#L6", "#L7", "a proof is not written out, does not name the line"),
        ('#L8 "the', '#L8 "The', "`The message is printed when it comes` is in no"),
        ("both  GET", "both  PUT", "the drawing is not what the API saw"),
        ("- [All", "- Next: [x](tiny.md) · [All", "the last line does not lead to"),
    ],
)
def test_what_is_derived_must_be_true(tiny, old, new, message):
    before = tiny.read(PAGE)
    tiny.edit(PAGE, old, new)
    assert message in tiny.said()
    if "is in no" not in message:
        assert WRITE in tiny.said()
        tiny.write()
        assert tiny.read(PAGE) == before


def test_a_program_edited_but_not_its_page(tiny):
    tiny.edit(PYTHON, "say in one line", "Say in one line")
    place, message, advice, diff = only(tiny)
    assert place == f"{PAGE}:{line_of(tiny, f'[{PYTHON}]')}"
    assert message == "the programs on the page are not those in the files"
    assert advice == WRITE
    assert '+"""Say in one line what it does.' in diff


def test_output_changed_in_one_language(tiny):
    [pair] = tiny.facts().pairs
    tiny.runs[pair, "javascript"] = run("Bye\n")
    _, message, advice, diff = only(tiny)
    assert message == "the programs print something else than the page says"
    assert advice == f"mend the program; or, where the new output is right, {WRITE}"
    assert "+JavaScript:\n" in diff
    assert "+Bye" in diff
    tiny.write()
    assert "Python:\n\n```text\nHello\n```\n\nJavaScript:\n\n```text\nBye\n```\n" in (
        tiny.read(PAGE)
    )


def test_what_the_author_says_about_the_output_stays(tiny):
    author(tiny, "```\n\n## Line by line", "```\n\n![A page](x.png)\n\n## Line by line")
    assert tiny.said() == ""
    assert "![A page](x.png)\n\n## Line by line" in tiny.read(PAGE)


def test_without_requests_there_is_no_drawing_but_the_old_address(tiny):
    tiny.runs = dict.fromkeys(tiny.runs, run(log=()))
    tiny.write()
    text = tiny.read(PAGE)
    assert "## What the API saw" not in text
    assert '<a id="what-the-api-saw"></a>\n\n## Read on' in text
    tiny.write()
    assert tiny.read(PAGE) == text
    assert tiny.said() == ""


@pytest.mark.parametrize(
    ("proven", "holds"),
    [
        ('{"Python": ["3.11"], "Node": ["24"]}', "Python 3.11 and Node 24"),
        (
            '{"Python": ["3.9", "3.10", "3.11", "3.13"], "Node": ["24", "26"]}',
            "Python 3.9–3.11, 3.13 and Node 24, 26",
        ),
        ('{"Python": ["3.11"], "Node": []}', "Python 3.11"),
    ],
)
def test_only_versions_that_were_proven_are_named(tiny, proven, holds):
    put(tiny.root / "docs/proven.json", proven)
    tiny.write()
    assert f"-- tiny` · holds on {holds} · [how to read" in tiny.read(PAGE)


def test_a_run_that_fails_derives_nothing(tiny):
    [pair] = tiny.facts().pairs
    tiny.runs[pair, "python"] = run("Something else\n", exit_code=3, stderr="Boom\n")
    place, message, advice, diff = only(tiny)
    assert (place, message) == (f"{PYTHON}:0", "failed with exit code 3")
    assert advice == "mend it; to see it alone: nox -s compare -- tiny"
    assert diff == "stdout:\nSomething else\nstderr:\nBoom\n"


# ------------------------------------------------------------ title and bullets


def test_a_page_without_title(tiny):
    tiny.edit(PAGE, "# Tiny feed\n", "Tiny feed\n")
    assert f"{PAGE}:1: there is no title\n  -> begin with: # Title" in tiny.said()


def test_two_paragraphs_under_the_title(tiny):
    tiny.edit(PAGE, "- **Same:**", "And more.\n\n- **Same:**")
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{PAGE}:5", "2 paragraphs stand under the title")
    assert advice == "write one: what this is, and when you need it"


def test_a_bullet_missing(tiny):
    tiny.edit(PAGE, "**Take care:**", "**Beware:**")
    place, message, advice, _ = only(tiny)
    assert (place, message) == (
        f"{PAGE}:5",
        "the three bullets are not there in their order",
    )
    assert advice == (
        "write below the first paragraph: - **Same:** …, - **Different:** …, "
        "- **Take care:** …"
    )


def test_a_bullet_that_leads_to_no_claim(tiny):
    tiny.edit(PAGE, "[what differs](#a-claim)", "what differs")
    place, message, advice, _ = only(tiny)
    assert place == f"{PAGE}:{line_of(tiny, 'Different')}"
    assert message == "“Different:” does not link to the claim that proves it"
    assert advice.endswith("nearest: a-claim")
    tiny.edit(PAGE, "what differs.", "[what differs](#output).")
    assert "#output is no claim of this page\n  -> link to one; nearest" in tiny.said()


# ------------------------------------------------------------------- headings


def test_a_heading_renamed(tiny):
    tiny.edit(PAGE, "## Line by line", "## Word by word")
    said = tiny.said()
    line = line_of(tiny, "## Word by word")
    assert f"{PAGE}: the heading “## Line by line” is missing\n" in said
    assert (
        f"{PAGE}:{line}: “## Word by word” is no heading of a page\n"
        "  -> make it a claim (###), or one of: Output, Line by line, What differs, "
        "What the API saw, Read on"
    ) in said
    assert f"{PAGE}#line-by-line was published, and leads nowhere now" in said


def test_headings_in_another_order(tiny):
    text = tiny.read(PAGE)
    start, end = text.index("## Output"), text.index("## Line by line")
    put(tiny.root / PAGE, text[:start] + text[end:] + "\n" + text[start:end].strip())
    assert only(tiny)[1].startswith("its parts do not stand in their order")
    tiny.write()
    assert tiny.read(PAGE) == text


# --------------------------------------------------------------- line by line


def test_a_cell_that_is_not_in_the_program(tiny):
    author(tiny, '`await client.get("/data")`', '`await client.get("/date")`')
    place, message, advice, _ = only(tiny)
    assert place == f"{PAGE}:{line_of(tiny, '/date')}"
    assert message == f'`await client.get("/date")` does not stand in {PYTHON}'
    assert advice.startswith("copy it from there, with … for what you leave out")
    assert 'await client.get("/data")' in advice


def test_a_cell_that_is_too_long(tiny):
    author(tiny, "| ask |", f"| {'x' * 37} |")
    _, message, advice, _ = only(tiny)
    assert message == f"“{'x' * 37}” has 37 characters, 36 may be"
    assert advice == "put … for what does not matter"


@pytest.mark.parametrize(
    ("old", "new"),
    [("| | Python | Java", "| | Py | Java"), ("| refuse an", "refuse an")],
)
def test_a_table_of_the_wrong_shape(tiny, old, new):
    if old.startswith("| ref"):
        text = tiny.read(PAGE)
        at = text.index(old)
        put(tiny.root / PAGE, text[:at] + text[text.index("\n", at) + 1 :])
    else:
        author(tiny, old, new)
    assert only(tiny)[1] == "there is no table of two rows or more"


@pytest.mark.parametrize(
    ("code", "program"),
    [
        ("await f(a, b)", "x = await f(a, b)\n"),
        ("await f(a, b)", "await f(\n    a,\n    b,\n)"),
        ("api.get().then()", "api\n  .get()\n  .then()"),
        ("def f(…) -> int", "def f(\n    a: str, b: str\n) -> int:"),
        ("wait(…FIRST_COMPLETED)", "wait(\n  tasks, return_when=x.FIRST_COMPLETED\n)"),
    ],
)
def test_how_a_program_is_broken_into_lines_does_not_count(code, program):
    assert stands_in(code, program)
    assert not stands_in(f"{code};", program)
    assert not stands_in(f"{code}…{code}", program)


# --------------------------------------------------------------------- claims

ONLY = "# Python only: a promise has no cancel.\ndef test_cancel():\n    x = 1\n\n\n"


def add_claim(tiny, text):
    author(tiny, "## What the API saw", f"### Second\n\n{text}\n\n## What the API saw")


def test_a_page_without_a_claim(tiny):
    tiny.edit(PAGE, "### a claim\n", "")
    assert "there is no claim\n  -> write ### and a short claim" in tiny.said()


def test_a_claim_without_proof(tiny):
    add_claim(tiny, "It is so. The message comes.")
    place, message, advice, _ = only(tiny)
    assert place == f"{PAGE}:{line_of(tiny, '### Second')}"
    assert message == "“Second” does not end with the tests that prove it"
    assert advice == f"end it with one paragraph: Proof: {TEST}"


@pytest.mark.parametrize("name", [TEST, "`the message is printed when it comes`"])
def test_an_author_names_a_test_in_either_language(tiny, name):
    add_claim(tiny, f"It is so.\n\nProof: {name}")
    assert tiny.said() == ""
    second = tiny.read(PAGE).partition("### Second")[2]
    assert f'Proof: Python [1](../../{PYTHON_TEST}#L6 "{TEST}"),\nJavaSc' in second
    assert f'JavaScript [1](../../{JAVASCRIPT_TEST}#L8 "the message is' in second


def test_a_test_of_one_language_brings_its_reason(tiny):
    tiny.edit(PYTHON_TEST, "async def", f"{ONLY}async def")
    add_claim(tiny, "It is so.\n\nProof: test_cancel")
    assert tiny.said() == ""
    proof = f'Proof: Python [1](../../{PYTHON_TEST}#L7 "test_cancel")'
    assert f"{proof} (a promise has no cancel)\n" in tiny.read(PAGE)


def test_the_author_can_give_another_reason(tiny):
    tiny.edit(PYTHON_TEST, "async def", f"{ONLY}async def")
    add_claim(tiny, "It is so.\n\nProof: test_cancel (nothing like `cancel()` there)")
    assert tiny.said() == ""
    assert '"test_cancel") (nothing like `cancel()` there)\n' in tiny.read(PAGE)


def test_tests_of_both_languages_come_first(tiny):
    tiny.edit(PYTHON_TEST, "async def", f"{ONLY}async def")
    add_claim(tiny, f"It is so.\n\nProof: test_cancel, {TEST}")
    assert tiny.said() == ""
    second = tiny.read(PAGE).partition("### Second")[2]
    assert second.index(TEST) < second.index("test_cancel")
    assert "no cancel" not in second


@pytest.mark.parametrize("quote", ["", "`"])
def test_a_proof_that_does_not_exist(tiny, quote):
    add_claim(tiny, f"It is so.\n\nProof: {quote}test_the_message_is_shown{quote}")
    place, message, advice, _ = only(tiny)
    assert place == f"{PAGE}:{line_of(tiny, f'{quote}test_the_message_is_shown')}"
    assert message == "`test_the_message_is_shown` is in no test file of this page"
    assert advice == f"name {TEST}"


def test_a_proof_that_is_a_test_of_another_page(tiny):
    tiny.add("feed/other", "Other")
    other = "python/feed/test_other.py"
    tiny.edit(other, TEST, "test_something_else")
    tiny.edit(
        "javascript/feed/other.test.js", "the message is printed when it comes", "so"
    )
    tiny.edit("javascript/feed/other.test.js", '"so"', '"something else"')
    tiny.edit("docs/feed/other.md", TEST, "test_something_else")
    tiny.edit(
        "docs/feed/other.md", "the message is printed when it comes", "something else"
    )
    tiny.write()
    assert tiny.said() == ""
    message = f"`test_something_else` is a test of another page: {other}"
    add_claim(tiny, "It is so.\n\nProof: test_something_else")
    assert only(tiny)[1:3] == (message, f"name {TEST}")
    link = f'Proof: Python [1](../../{other}#L6 "test_something_else")'
    author(tiny, "Proof: test_something_else", link)
    assert only(tiny)[1:3] == (message, f"name {TEST}")


def test_a_test_that_has_moved(tiny):
    tiny.edit(PYTHON_TEST, "async def", "\nasync def")
    _, message, advice, diff = only(tiny)
    assert message.startswith("a proof is not written out, does not name the line")
    assert WRITE in advice
    assert f'test_tiny.py#L7 "{TEST}"' in diff


def test_a_name_with_parameters(tiny):
    old = 'test("the message is printed when it comes"'
    new = "for (const n of [1])\n  test(`the message is printed when it comes (${n})`"
    tiny.edit(JAVASCRIPT_TEST, old, new)
    author(tiny, '"the message is printed when it comes"', '"… (${n})"')
    author(tiny, '"… (${n})"', '"the message is printed when it comes (${n})"')
    assert tiny.said() == ""
    assert 'tiny.test.js#L9 "the message is printed when it comes (${n})"' in (
        tiny.read(PAGE)
    )


def test_what_is_measured_names_its_command(tiny):
    add_claim(tiny, f"Measured: twice as fast.\n\nProof: {TEST}")
    _, message, advice, _ = only(tiny)
    assert message == "what is measured does not say with which command"
    assert advice == "name it: `nox -s compare -- tiny`, for example"
    author(tiny, "twice as fast.", "twice as fast (`nox -s compare -- tiny`).")
    assert tiny.said() == ""


# ------------------------------------------------------------------- snippets


@pytest.mark.parametrize(
    "fence",
    [
        "```python\nresponse.raise_for_status()\n```",
        '```python\nawait mock_api.saw("GET /data")\nassert program.output == ""\n```',
        "```js\nconst response = await fetch(`${apiUrl}/data`);\n```",
        "```text\nHello\n```",
        "```text\nHello from the mock API\n```",
    ],
)
def test_a_snippet_stands_in_a_program_or_a_test(tiny, fence):
    add_claim(tiny, f"{fence}\n\nProof: {TEST}")
    assert tiny.said() == ""


@pytest.mark.parametrize(
    ("fence", "words"),
    [
        (
            "```python\nresponse.raise_for_status(1)\n```",
            "response.raise_for_status(1)",
        ),
        ("```python\nraise_for_status()\n```", "raise_for_status()"),
        ("```js\nawait mock_api.saw(1);\n```", "await mock_api.saw(1);"),
        ("```text\nHello you\n```", "Hello you"),
        ("```sh\nls\n```", "```sh"),
    ],
)
def test_a_snippet_changed(tiny, fence, words):
    add_claim(tiny, f"{fence}\n\nProof: {TEST}")
    place, message, advice, _ = only(tiny)
    assert place == f"{PAGE}:{line_of(tiny, '### Second') + 2}"
    assert message.startswith(f"the snippet “{words}” does not stand ")
    assert advice.startswith("copy whole lines from there, word for word")


# ------------------------------------------------------- read on, and the rest


@pytest.mark.parametrize("title", ["Python", "JavaScript"])
def test_no_link_to_the_documentation(tiny, title):
    tiny.edit(PAGE, f"- {title}: [", f"- {title}, [")
    _, message, advice, _ = only(tiny)
    assert message == f"there is no link to the documentation of {title}"
    assert advice == f"add an item that begins so: - {title}: [Title](https://…)"


def test_a_fence_where_none_belongs(tiny):
    tiny.edit(PAGE, "## Read on\n", "## Read on\n\n```js\nx\n```\n")
    assert "a fence stands under “## Read on”\n  -> use a claim" in tiny.said()


def test_a_link_that_leads_nowhere(tiny):
    author(tiny, "say what happens", "[say](../feed/tinny.md) [what](#a-clam) happens")
    said = tiny.said()
    assert (
        "the link ../feed/tinny.md leads to no page\n  -> mend it; nearest: ti" in said
    )
    assert "the link #a-clam leads to no heading\n  -> mend it; nearest: a-c" in said


def test_what_runs_in_a_browser_has_its_tests_in_python(tiny):
    (tiny.root / JAVASCRIPT_TEST).unlink()
    put(tiny.root / "javascript/feed/tiny.html", "<!doctype html>\n")
    tiny.edit("javascript/feed/tiny.js", "import.meta.main", "globalThis.document")
    text = tiny.read(PAGE)
    at = text.index("Proof: ")
    put(
        tiny.root / PAGE,
        f"{text[:at]}Proof: {TEST}\n\n{text[text.index('## What the') :]}",
    )
    tiny.write()
    assert tiny.said() == ""
    text = tiny.read(PAGE)
    assert "Run both: `nox -s browser` · " in text
    assert f'Proof: Python [1](../../{PYTHON_TEST}#L6 "{TEST}")\n' in text


def test_all_findings_come_at_once_and_by_file(tiny):
    tiny.edit(PYTHON, "say in", "Say in")
    tiny.edit(PAGE, "- **Same:**", "- **Equal:**")
    [pair] = tiny.facts().pairs
    tiny.runs[pair, "javascript"] = run(exit_code=1)
    files = [finding.file.name for finding in tiny.findings()]
    assert files == ["tiny.md", "tiny.md", "tiny.js"]


def test_a_finding_reads_as_a_block(tiny):
    tiny.edit(PAGE, "- [All concepts](../README.md)", "- [All concepts](x.md)")
    line = line_of(tiny, "## Read on")
    said, _, _ = tiny.said().partition("\n\n")  # then of the link
    assert said.startswith(
        f"{PAGE}:{line}: the last line does not lead to the neighbours in the catalogue"
        "\n    --- the page\n    +++ true\n    @@ "
    )
    assert said.endswith(
        "    -- [All concepts](x.md)\n    +- [All concepts](../README.md)\n"
        f"  -> {WRITE} (the order of the pages is that of the rows in docs/README.md)"
    )

"""Break the tiny pair in one place; the findings must say what and what to do."""

import re

import pytest

from tools.checks_page import stands_in
from tools.conftest import INDEX, run
from tools.finding import WRITE
from tools.writing import put

PAGE = "docs/feed/tiny.md"
PYTHON = "python/feed/tiny.py"
JAVASCRIPT = "javascript/feed/tiny.js"
PYTHON_TEST = "python/feed/test_tiny.py"
JAVASCRIPT_TEST = "javascript/feed/tiny.test.js"


def only(tiny):
    """The one finding: where it is, its message, its advice, its diff."""
    [finding] = tiny.findings()
    place = finding.file.relative_to(tiny.root).as_posix()
    return f"{place}:{finding.line}", finding.message, finding.advice, finding.diff


# ------------------------------------------------------------ what is derived


def test_a_program_edited_but_not_its_page(tiny):
    tiny.edit(PYTHON, "Ask for the data", "Ask for all data")
    place, message, advice, diff = only(tiny)
    assert place == f"{PAGE}:1"
    assert message == f"the python fence is not {PYTHON}"
    assert advice == WRITE
    assert '-"""Ask for the data and print its message."""' in diff
    assert '+"""Ask for all data and print its message."""' in diff


def test_a_page_without_its_js_fence(tiny):
    tiny.edit(PAGE, f"```js\n{tiny.read(JAVASCRIPT)}```\n", "")
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{PAGE}:1", "there is no js fence")
    assert advice == WRITE


def test_text_between_the_two_programs(tiny):
    tiny.edit(PAGE, "```\n\n```js", "```\n\n<!-- and now -->\n\n```js")
    said = tiny.said()
    assert "the js fence must follow the python fence directly" in said


def test_output_changed_in_one_language(tiny):
    [pair] = tiny.facts().pairs
    tiny.runs[pair, "javascript"] = run("Bye\n")
    place, message, advice, diff = only(tiny)
    assert place.startswith(f"{PAGE}:")
    assert message == f"{JAVASCRIPT} prints something else than the page says"
    assert advice == f"mend the program; or, where the new output is right, {WRITE}"
    assert "+JavaScript:\n" in diff
    assert "+Bye" in diff


def test_output_changed_in_both_languages(tiny):
    tiny.runs = dict.fromkeys(tiny.runs, run("Bye\n"))
    _, message, _, diff = only(tiny)
    assert (
        message == f"{PYTHON} and {JAVASCRIPT} print something else than the page says"
    )
    assert "-Hello\n" in diff
    assert "+Bye" in diff


def test_two_outputs_where_both_print_the_same(tiny):
    fence = "```text\nHello\n```\n"
    tiny.edit(PAGE, fence, f"Python:\n\n{fence}\nJavaScript:\n\n{fence}")
    _, message, advice, _ = only(tiny)
    assert message == "one text fence where both print the same"
    assert advice == WRITE


def test_what_the_api_saw_changed(tiny):
    [pair] = tiny.facts().pairs
    tiny.runs[pair, "python"] = run(log=())
    _, message, advice, diff = only(tiny)
    assert message == "the drawing is not what the API saw"
    assert WRITE in advice
    assert "+Python      No requests." in diff


def test_a_test_that_has_moved(tiny):
    tiny.edit(PYTHON_TEST, "async def", "\nasync def")
    place, message, advice, diff = only(tiny)
    assert place.startswith(f"{PAGE}:")
    assert message == "a link does not point to the line of its test"
    assert advice == WRITE
    assert "test_tiny.py#L6)" in diff


@pytest.mark.parametrize("name", ["README.md", "docs/index.md", "docs/phrasebook.md"])
def test_an_index_that_is_not_what_the_pages_say(tiny, name):
    tiny.edit(name, "Tiny feed", "Tiny field")
    place, message, advice, diff = only(tiny)
    assert place == f"{name}:0"
    assert message == "not what the pages say"
    assert advice == WRITE
    assert "Tiny field" in diff


def test_a_shown_pair_is_kept_equal(tiny):
    marks = "<!-- pair: feed/tiny -->\n<!-- /pair -->\n"
    put(tiny.root / "README.md", INDEX + marks)
    assert "README.md: not what the pages say" in tiny.said()
    tiny.write()
    assert tiny.said() == ""
    assert f"```js\n{tiny.read(JAVASCRIPT)}```" in tiny.read("README.md")


def test_a_shown_pair_that_does_not_exist(tiny):
    marks = "<!-- pair: feed/tinny -->\n<!-- /pair -->\n"
    put(tiny.root / "docs/index.md", tiny.read("docs/index.md") + marks)
    _, message, advice, _ = only(tiny)
    assert message == "shows the pair feed/tinny, which does not exist"
    assert advice == "name one that does; nearest: feed/tiny"


def test_no_place_for_the_catalogue(tiny):
    put(tiny.root / "README.md", "# Tiny\n")
    place, message, advice, _ = only(tiny)
    assert (place, message) == ("README.md:0", "it has no place for the catalogue")
    assert advice.startswith("add the lines <!-- catalogue --> and <!-- /catalogue -->")


# ---------------------------------------------------------------- a run itself


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"exit_code": 3, "stderr": "Boom\n"}, "failed with exit code 3"),
        ({"stderr": "Warning: careful\n"}, "wrote to stderr"),
        ({"exit_code": None}, "still running after 60 s, killed"),
        ({"problem": "Still in flight: GET /x"}, "Still in flight: GET /x"),
    ],
)
def test_a_run_that_fails_is_shown_and_derives_nothing(tiny, what, message):
    [pair] = tiny.facts().pairs
    tiny.runs[pair, "python"] = run("Something else\n", **what)
    place, said, advice, diff = only(tiny)
    assert (place, said) == (f"{PYTHON}:0", message)
    assert advice == "mend it; to see it alone: python3 -m nox -s compare -- tiny"
    assert "Something else\n" in diff
    assert what.get("stderr", "") in diff


# ------------------------------------------------------------- files and names


def test_a_page_without_a_program(tiny):
    put(tiny.root / "docs/feed/lonely.md", "# Lonely\n")
    said = tiny.said()
    assert (
        "docs/feed/lonely.md: a page without a program: python/feed/lonely.py"
        " and javascript/feed/lonely.js are missing\n"
        "  -> write both programs, or remove docs/feed/lonely.md\n"
    ) in said


def test_a_test_without_a_program(tiny):
    put(tiny.root / "javascript/feed/lonely.test.js", 'test("a", () => {});\n')
    assert (
        "javascript/feed/lonely.test.js: a test without a program: "
        "python/feed/lonely.py and javascript/feed/lonely.js are missing"
    ) in tiny.said()


@pytest.mark.parametrize(
    ("name", "role"),
    [
        (PYTHON, "Python program"),
        (JAVASCRIPT, "JavaScript program"),
        (PAGE, "page"),
        (PYTHON_TEST, "Python test"),
        (JAVASCRIPT_TEST, "JavaScript test"),
    ],
)
def test_a_missing_file(tiny, name, role):
    (tiny.root / name).unlink()
    said = tiny.said()
    assert f"{name}: missing: the {role} of feed/tiny\n  -> write it, or remove" in said


def test_a_name_that_is_not_spelt_as_it_must_be(tiny):
    put(tiny.root / "docs/feed/two_words.md", "# Two words\n")
    assert "docs/feed/two-words.md: files of this name exist" in tiny.said()


def test_a_slug_in_two_chapters(tiny):
    tiny.add("basics/tiny", "Another")
    assert (
        "feed/tiny.py: the slug tiny is taken by basics/tiny too\n"
        "  -> rename one: a slug names one concept"
    ) in tiny.said()


def test_a_slug_that_is_a_standard_module(tiny):
    tiny.add("feed/queue", "Queue")
    [_, message, advice, _] = only(tiny)
    assert message == "queue is a module of the standard library"
    assert advice == "choose another slug: the program would hide the module"


# -------------------------------------------------------------------- programs


def test_61_lines(tiny):
    text = tiny.read(PYTHON)
    put(tiny.root / PYTHON, "#\n" * (60 - text.count("\n")) + text)
    tiny.write()
    assert tiny.said() == ""
    tiny.edit(PYTHON, "#\n", "#\n#\n")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{PYTHON}:61", "61 lines, at most 60 are allowed")
    assert advice.startswith("make it shorter")


def test_73_columns(tiny):
    tiny.edit(JAVASCRIPT, "// Ask", f"// {'x' * 69}\n// {'x' * 70}\n// Ask")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{JAVASCRIPT}:2", "73 columns, at most 72 are allowed")
    assert advice.startswith("break the line")


@pytest.mark.parametrize(
    ("name", "old", "new", "message", "advice"),
    [
        (
            PYTHON,
            "api_url: str = API_URL",
            "api_url: str",
            "there is no main(api_url: str = API_URL)",
            "declare it so: async def main(api_url: str = API_URL) -> None:",
        ),
        (
            JAVASCRIPT,
            "apiUrl = API_URL",
            "apiUrl",
            "there is no main(apiUrl = API_URL)",
            "declare it so: export async function main(apiUrl = API_URL) {",
        ),
        (
            PYTHON,
            'if __name__ == "__main__":',
            "if True:",
            'there is no `if __name__ == "__main__":`',
            'end with: if __name__ == "__main__":',
        ),
        (
            JAVASCRIPT,
            "if (import.meta.main) ",
            "",
            "there is no `if (import.meta.main)`",
            "end with: if (import.meta.main) await main();",
        ),
        (
            PYTHON,
            "import os\n",
            "import os\nfrom helpers import running\n",
            "imports helpers",
            "a program must run when copied alone: import nothing of ours",
        ),
        (
            JAVASCRIPT,
            "const API",
            'import { mockApi } from "../helpers.js";\nconst API',
            "imports ../helpers.js",
            "a program must run when copied alone: import nothing of ours",
        ),
    ],
)
def test_a_rule_for_programs(tiny, name, old, new, message, advice):
    tiny.edit(name, old, new)
    tiny.write()
    place, said, told, _ = only(tiny)
    assert place.startswith(name)
    assert (said, told) == (message, advice)


def test_a_program_may_talk_to_a_database_instead(tiny):
    tiny.edit(PYTHON, "api_url: str = API_URL", "database_url: str = DATABASE_URL")
    tiny.edit(JAVASCRIPT, "apiUrl = API_URL", "databaseUrl = DATABASE_URL")
    tiny.write()
    assert tiny.said() == ""


@pytest.mark.parametrize(
    ("name", "address"),
    [(PYTHON, "api_url: str = API_URL"), (JAVASCRIPT, "apiUrl = API_URL")],
)
def test_main_takes_no_address_where_none_is_used(tiny, name, address):
    tiny.edit(name, f"main({address})", "main()")
    tiny.write()
    assert only(tiny)[1] == f"there is no main({address})"
    put(tiny.root / name, tiny.read(name).replace("API_URL", "ADDRESS"))
    tiny.write()
    assert tiny.said() == ""


def test_a_program_that_is_not_python(tiny):
    tiny.edit(PYTHON, "import os", "import import")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{PYTHON}:4", "invalid syntax")
    assert advice == "mend the program"


def test_a_function_missing_in_one_language(tiny):
    tiny.edit(PYTHON, "async def main", "def extra():\n    pass\n\n\nasync def main")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{PYTHON}:17"
    assert message == "JavaScript has no function like extra"
    assert advice.endswith("directly above it: # Python only: <reason>")
    tiny.edit(PYTHON, "def extra", "# Python only: the loop asks for it.\ndef extra")
    tiny.write()
    assert tiny.said() == ""


def test_an_excuse_without_a_reason(tiny):
    extra = "// JavaScript only:\nfunction extra() {}\n\n"
    tiny.edit(JAVASCRIPT, "export async", f"{extra}export async")
    tiny.write()
    _, message, advice, _ = only(tiny)
    assert message == "no reason is given why extra is for JavaScript only"
    assert advice == "give it: // JavaScript only: <reason>"


def test_an_excuse_that_is_not_true(tiny):
    tiny.edit(PYTHON, "async def get", "# Python only: why not.\nasync def get")
    tiny.write()
    _, message, advice, _ = only(tiny)
    assert message == (
        "get_message is said to be for Python only, but JavaScript has it too"
    )
    assert advice == "remove the comment, or rename one of them"


def test_functions_in_another_order(tiny):
    tiny.edit(PYTHON, "async def get", "def one():\n    pass\n\n\nasync def get")
    tiny.edit(JAVASCRIPT, "export async", "const one = () => {};\n\nexport async")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{JAVASCRIPT}:0"
    assert message == "functions in another order than in Python: getMessage, one"
    assert advice == "put them in one order; in Python it is one, get_message"


# ----------------------------------------------------------------------- tests


def test_a_test_missing_in_one_language(tiny):
    tiny.edit(
        JAVASCRIPT_TEST, "import assert", 'test("it is quick", f);\nimport assert'
    )
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{JAVASCRIPT_TEST}:1"
    assert message == "Python has no test like it is quick"
    assert advice == (
        "add it there; or say why not, directly above it: // JavaScript only: <reason>"
    )


def test_a_test_for_one_language_says_why(tiny):
    extra = "# Python only: a task can be cancelled.\ndef test_cancel():\n    pass\n"
    tiny.edit(PYTHON_TEST, "\n\nasync def", f"\n\n{extra}\n\nasync def")
    tiny.write()
    assert tiny.said() == ""


def test_a_test_file_without_a_test(tiny):
    put(tiny.root / PYTHON_TEST, "")
    put(tiny.root / JAVASCRIPT_TEST, "")
    said = tiny.said()
    for name in (PYTHON_TEST, JAVASCRIPT_TEST):
        assert f"{name}: there is no test in it\n  -> prove the page's claims" in said


def test_two_tests_of_one_name(tiny):
    again = tiny.read(JAVASCRIPT_TEST)
    put(tiny.root / JAVASCRIPT_TEST, again + again)
    assert (
        "a second test is called “the message is printed when it comes”" in tiny.said()
    )


# ------------------------------------------------------------------- the page


def test_a_heading_renamed(tiny):
    tiny.edit(PAGE, "## Output", "## Result")
    place, message, advice, diff = only(tiny)
    line = tiny.read(PAGE).splitlines().index("## Result") + 1
    assert place == f"{PAGE}:{line}"
    assert message == "the heading `## Result` stands where `## Output` must"
    assert advice.startswith("use these headings, in this order: Output, Line by line")
    assert "-## Result\n+## Output" in diff


def test_a_heading_missing_at_the_end(tiny):
    text = tiny.read(PAGE)
    put(tiny.root / PAGE, text[: text.index("\n## Read on")])
    place, message, _, _ = only(tiny)
    assert (place, message) == (f"{PAGE}:0", "the heading `## Read on` is missing")


def test_a_heading_too_many(tiny):
    put(tiny.root / PAGE, tiny.read(PAGE) + "\n## And more\n")
    assert "the heading `## And more` stands after the last" in tiny.said()


def test_a_page_without_title(tiny):
    tiny.edit(PAGE, "# Tiny feed\n", "Tiny feed\n")
    assert f"{PAGE}:1: there is no title\n  -> begin with: # Title" in tiny.said()


def test_two_paragraphs_before_the_programs(tiny):
    tiny.edit(PAGE, "```python", "And more.\n\n```python")
    place, message, advice, _ = only(tiny)
    assert (place, message[:12]) == (f"{PAGE}:1", "2 paragraphs")
    assert advice == "write one: what this is and when it is needed"


@pytest.mark.parametrize(
    ("name", "fence", "called"),
    [
        (PAGE, "```sh\nls\n```\n", "`sh`"),
        (PAGE, "```\nls\n```\n", "without name"),
        (PAGE, "~~~python\nx = 1\n~~~\n", "`python`"),
        ("docs/index.md", "```js\nf();\n```\n", "`js`"),
        ("docs/deep/er/notes.md", "```json\n{}\n```\n", "`json`"),
    ],
)
def test_a_fence_neither_run_nor_plain(tiny, name, fence, called):
    path = tiny.root / name
    put(path, (path.read_text("utf-8") if path.exists() else "# Notes\n") + fence)
    place, message, advice, _ = only(tiny)
    assert place == f"{name}:{len(tiny.read(name).splitlines()) - 2}"
    assert message == f"a fence {called} is neither run nor declared plain text"
    assert advice.startswith("mark it ```text")


def test_a_line_by_line_cell_that_is_not_in_the_program(tiny):
    tiny.edit(PAGE, '`await client.get("/data")`', '`await client.get("/date")`')
    tiny.write()
    place, message, advice, _ = only(tiny)
    line = next(
        i for i, text in enumerate(tiny.read(PAGE).splitlines(), 1) if "/date" in text
    )
    assert place == f"{PAGE}:{line}"
    assert message == f'`await client.get("/date")` does not stand in {PYTHON}'
    assert advice.startswith("copy it from there, word for word (nearest: ")
    assert 'await client.get("/data")' in advice


def test_a_cell_without_code(tiny):
    tiny.edit(PAGE, "`if (!response.ok)`", "no counterpart")
    tiny.write()
    assert tiny.said() == ""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("| | Python | Java", "| | Py | Java", "the table does not begin with"),
        ("| refuse an error", "refuse an error", "1 rows, at least 2 are needed"),
        ("| ask |", "| ask | me |", "4 cells in a row of 3"),
    ],
)
def test_a_table_of_the_wrong_shape(tiny, old, new, message):
    tiny.edit(PAGE, old, new)
    tiny.write()
    assert message in only(tiny)[1]


@pytest.mark.parametrize(
    ("code", "program"),
    [
        ("await f(a, b)", "x = await f(a, b)\n"),
        ("await f( a, b", "await f(\n    a, b\n)"),
        ("await f(a, b)", "await f(\n    a,\n    b,\n)"),
        ("api.get().then()", "api\n  .get()\n  .then()"),
    ],
)
def test_how_a_program_is_broken_into_lines_does_not_count(code, program):
    assert stands_in(code, program)
    assert not stands_in(f"{code} ;", program)


# --------------------------------------------------------------------- claims


def test_a_page_without_a_claim(tiny):
    tiny.edit(PAGE, "### Nothing yet\n", "")
    assert "there is no claim\n  -> write ### and a short claim" in tiny.said()


def test_a_claim_without_proof(tiny):
    tiny.edit(PAGE, "Proven by", "### Another claim\n\nIt is so.\n\n### Third\n\nBy")
    said = tiny.said()
    for claim in ("Nothing yet", "Another claim"):
        assert (
            f"“{claim}” does not end with a link to the test that proves it\n"
            "  -> end it with a paragraph that links to both: "
            "[`test_the_message_is_printed_when_it_comes`](../../python/feed/"
        ) in said


def test_a_proof_that_does_not_exist(tiny):
    tiny.edit(PAGE, "[`the message is printed when", "[`the message is shown when")
    tiny.write()
    _, message, advice, _ = only(tiny)
    assert message == (
        "“Nothing yet” is proven by `the message is shown when it comes`, "
        f"which is not in {JAVASCRIPT_TEST}"
    )
    assert advice == (
        "name a test that exists; nearest: the message is printed when it comes"
    )


def test_a_proof_in_one_language_only(tiny):
    text = tiny.read(PAGE)
    start = text.index("\nand [`the message")
    put(tiny.root / PAGE, text[:start] + text[text.index("\n\n## What the API") :])
    _, message, advice, _ = only(tiny)
    assert message == (
        "“Nothing yet” links to `test_the_message_is_printed_when_it_comes` in "
        "Python, but not to its like in JavaScript"
    )
    assert advice == f"link to the test in ../../{JAVASCRIPT_TEST} too"


def test_a_one_sided_test_proves_alone(tiny):
    extra = "# Python only: a task can be cancelled.\ndef test_cancel():\n    pass\n"
    tiny.edit(PYTHON_TEST, "\n\nasync def", f"\n\n{extra}\n\nasync def")
    claim = f"### Cancelling\n\nOnly there.\n\n[`test_cancel`](../../{PYTHON_TEST})\n\n"
    tiny.edit(PAGE, "## What the API saw", f"{claim}## What the API saw")
    tiny.write()
    assert tiny.said() == ""
    assert "[`test_cancel`](../../python/feed/test_tiny.py#L6)" in tiny.read(PAGE)


def test_a_link_text_may_go_over_two_lines(tiny):
    tiny.edit(PAGE, "[`the message is printed", "[`the message is\nprinted")
    tiny.edit(PAGE, "tiny.test.js#L7", "tiny.test.js")
    tiny.write()
    assert tiny.said() == ""
    assert "tiny.test.js#L7" in tiny.read(PAGE)


# -------------------------------------------------------------------- read on


@pytest.mark.parametrize(
    ("site", "title"),
    [("docs.python.org", "Python"), ("developer.mozilla.org", "JavaScript")],
)
def test_no_link_to_the_official_documentation(tiny, site, title):
    tiny.edit(PAGE, f"https://{site}", "https://example.org")
    _, message, advice, _ = only(tiny)
    assert message == f"there is no link to the official documentation of {title}"
    assert advice.startswith(f"add one, to {site}")


def lead(tiny, slug, title, to):
    path = f"docs/feed/{slug}.md"
    put(tiny.root / path, tiny.read(path) + f"- Next: [{title}]({to}.md)\n")


def test_next_orders_the_catalogue(tiny):
    tiny.add("basics/first", "First of all")
    tiny.add("feed/another", "Another")
    lead(tiny, "tiny", "Another", "another")
    tiny.write()
    assert tiny.said() == ""
    text = tiny.read("README.md")
    places = [text.index(t) for t in ("## Feed", "Tiny feed", "Another", "## Basics")]
    assert places == sorted(places)


def test_next_leads_nowhere(tiny):
    lead(tiny, "tiny", "Tiny feed", "tinny")
    _, message, advice, _ = only(tiny)
    assert message == "`Next` does not lead to the page of a pair"
    assert advice == "link to a page under docs/; nearest: feed/tiny"


def test_next_calls_a_page_by_another_title(tiny):
    tiny.add("feed/another", "Another")
    lead(tiny, "tiny", "Something", "another")
    tiny.write()
    assert only(tiny)[1] == "`Next` is called “Something”, its page “Another”"


def test_two_next_lead_to_one_page(tiny):
    tiny.add("feed/another", "Another")
    tiny.add("feed/third", "Third")
    lead(tiny, "tiny", "Another", "another")
    lead(tiny, "third", "Another", "../feed/another")
    tiny.write()
    place, message, _, _ = only(tiny)
    assert place.startswith("docs/feed/tiny.md")
    assert message == "`Next` leads where that of docs/feed/third.md leads"


def test_next_leads_in_a_circle(tiny):
    tiny.add("feed/another", "Another")
    lead(tiny, "tiny", "Another", "another")
    lead(tiny, "another", "Tiny feed", "tiny")
    tiny.write()
    _, message, advice, _ = only(tiny)
    assert message == "`Next` leads in a circle: another → tiny → another"
    assert advice == "take one `Next` away"


# -------------------------------------------------------- everything together


def test_all_findings_come_at_once_and_by_file(tiny):
    tiny.edit(PYTHON, "Ask for", "Ask  for")
    tiny.edit(PAGE, "## Read on", "## Read more")
    [pair] = tiny.facts().pairs
    tiny.runs[pair, "javascript"] = run(exit_code=1)
    files = [finding.file.name for finding in tiny.findings()]
    assert files == ["tiny.md", "tiny.md", "tiny.js"]


def test_a_finding_reads_as_a_block(tiny):
    tiny.edit(PYTHON, "Ask for the data", "Ask for all data")
    assert tiny.said() == (
        f"{PAGE}:1: the python fence is not {PYTHON}\n"
        "    --- the page\n"
        "    +++ true\n"
        "    @@ -4,5 +4,5 @@\n"
        "     \n"
        "     ```python\n"
        '    -"""Ask for the data and print its message."""\n'
        '    +"""Ask for all data and print its message."""\n'
        "     \n"
        "     import asyncio\n"
        "  -> run: nox -s docs -- --write"
    )


def test_no_phrasebook(tiny):
    (tiny.root / "docs/phrasebook.md").unlink()
    place, message, advice, diff = only(tiny)
    assert (place, message, advice) == ("docs/phrasebook.md:0", "missing", WRITE)
    assert "+# Phrasebook" in diff


def test_what_runs_in_a_browser_has_its_tests_in_python(tiny):
    (tiny.root / "javascript/feed/tiny.test.js").unlink()
    put(tiny.root / "javascript/feed/tiny.html", "<!doctype html>\n")
    tiny.edit(JAVASCRIPT, "import.meta.main", "globalThis.document")
    page = tiny.read(PAGE)
    proof = re.search(r"\nand \[`the message.*?\)\.", page)
    assert proof
    tiny.edit(PAGE, proof[0], ".")
    tiny.write()
    assert tiny.said() == ""

"""Break the tiny pair in one place; the findings must say what and what to do."""

import pytest

from tools.facts import put
from tools.source import code_lines
from tools.test_pages import JAVASCRIPT_TEST, PAGE, PYTHON, PYTHON_TEST, only

JAVASCRIPT = "javascript/feed/tiny.js"


# ------------------------------------------------------------- files and names


def test_a_page_without_a_program(tiny):
    put(tiny.root / "docs/feed/lonely.md", "# Lonely\n")
    assert (
        "python/feed/lonely.py: missing: the Python program of feed/lonely\n"
        "  -> write it, or remove the rest of the pair: docs/feed/lonely.md\n"
    ) in tiny.said()


@pytest.mark.parametrize(
    ("name", "role"),
    [
        (PYTHON, "Python program"),
        (JAVASCRIPT, "JavaScript program"),
        (PAGE, "page"),
        (PYTHON_TEST, "Python test"),
        (JAVASCRIPT_TEST, "other test"),
    ],
)
def test_a_missing_file(tiny, name, role):
    (tiny.root / name).unlink()
    said = tiny.said()
    assert f"{name}: missing: the {role} of feed/tiny\n  -> write it, or remove" in said


def test_a_name_that_is_not_spelt_as_it_must_be(tiny):
    put(tiny.root / "docs/feed/two_words.md", "# Two words\n")
    assert (
        "docs/feed/two-words.md: missing: the page of feed/two-words\n  -> write it, "
        "or remove the rest of the pair: files of another spelling"
    ) in tiny.said()


def test_a_slug_in_two_chapters(tiny):
    tiny.add("basics/tiny", "Another")
    assert (
        "feed/tiny.py: the slug tiny is taken by basics/tiny, too\n"
        "  -> rename one: a slug names one concept"
    ) in tiny.said()


def test_a_slug_that_is_a_standard_module(tiny):
    tiny.add("feed/queue", "Queue")
    [_, message, advice, _] = only(tiny)
    assert message == "queue is a module of the standard library"
    assert advice == "choose another slug: the program would hide the module"


# -------------------------------------------------------------------- programs


def test_80_lines(tiny):
    text = tiny.read(PYTHON)
    put(tiny.root / PYTHON, text + "#\n" * (79 - text.count("\n")))
    tiny.write()
    assert tiny.said() == ""
    put(tiny.root / PYTHON, tiny.read(PYTHON) + "#\n")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{PYTHON}:80", "80 lines, at most 79 are allowed")
    assert advice == "make it shorter; if it shows two concepts, make two pairs"


@pytest.mark.parametrize(
    ("name", "line", "free"),
    [
        (PYTHON, "X = 1\n", "# Why.\n\nimport sys\nfrom os import (\n    path,\n)\n"),
        (JAVASCRIPT, "f();\n", '// Why.\n\n/* So. */\nimport {\n  x,\n} from "y";\n'),
    ],
)
def test_41_lines_of_code(tiny, name, line, free):
    code, _, _ = code_lines(tiny.read(name), name.partition("/")[0])
    start = "if __name__" if name == PYTHON else "if (import"
    tiny.edit(name, start, free * 3 + line * (40 - len(code)) + start)
    tiny.write()
    assert tiny.said() == ""
    tiny.edit(name, line, line * 2)
    tiny.write()
    _, message, advice, _ = only(tiny)
    assert message == "41 lines of code, at most 40 are allowed"
    assert advice.startswith("make it shorter")


def test_73_columns(tiny):
    first = "// say in one line"
    tiny.edit(JAVASCRIPT, first, f"// {'x' * 69}\n// {'x' * 70}\n{first}")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{JAVASCRIPT}:2", "73 columns, at most 72 are allowed")
    assert advice.startswith("break the line")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (PYTHON, "raise_for_status()", "raise_for_status()  # or fail"),
        (JAVASCRIPT, "const response =", "const response = /* of it */"),
        (JAVASCRIPT, ").message;", ").message; // it is there"),
    ],
)
def test_a_comment_behind_code(tiny, name, old, new):
    tiny.edit(name, old, new)
    tiny.write()
    assert "a comment stands behind code\n  -> put it above the code" in tiny.said()


def test_a_comment_in_a_string_is_none(tiny):
    tiny.edit(PYTHON, '"http://127.0.0.1:8000"', '"http://127.0.0.1:8000/#a"')
    tiny.edit(JAVASCRIPT, "`HTTP ${response", "`HTTP // ${response")
    tiny.write()
    assert tiny.said() == ""


@pytest.mark.parametrize(
    ("name", "line"), [(PYTHON, "    # say why"), (JAVASCRIPT, "  // say why")]
)
def test_code_without_a_comment(tiny, name, line):
    text = tiny.read(name)
    at = text.index(line)
    put(tiny.root / name, text[:at] + text[text.index("\n", at) + 1 :])
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{name}:0"
    assert message.startswith("0 lines of comment for 1")
    assert advice.startswith("say why, above the code that makes a reader ask")


@pytest.mark.parametrize("name", [PYTHON, JAVASCRIPT])
@pytest.mark.parametrize(
    "line", ["Explained in docs/feed/tiny.md", "Needs the mock API: nox -s api"]
)
def test_the_first_lines_lead_to_the_page(tiny, name, line):
    tiny.edit(name, line, "So.")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{name}:1"
    assert message.startswith("its first lines do not lead to its page")
    assert advice == f"say what it does, then: {line}"


@pytest.mark.parametrize(
    ("name", "old"),
    [(PAGE, "what happens"), (PYTHON, "why,"), (JAVASCRIPT_TEST, "what the page")],
)
def test_a_placeholder_left(tiny, name, old):
    tiny.edit(name, old, f"TODO: {old}")
    tiny.write()
    found = [f for f in tiny.findings() if "placeholder" in f.message]
    [finding] = [f for f in found if f.file == tiny.root / name]
    assert finding.message.startswith("a placeholder is left: ")
    assert finding.advice == "write what it asks for"


@pytest.mark.parametrize(
    ("name", "old", "new", "message", "advice"),
    [
        (
            PYTHON,
            "api_url: str = API_URL",
            "api_url: str",
            "there is no main as others call it",
            "declare it so: async def main(api_url: str = API_URL)",
        ),
        (
            JAVASCRIPT,
            "apiUrl = API_URL",
            "apiUrl",
            "there is no main as others call it",
            "declare it so: export async function main(apiUrl = API_URL)",
        ),
        (
            PYTHON,
            'if __name__ == "__main__":',
            "if True:",
            "nothing starts main",
            'end with: if __name__ == "__main__":',
        ),
        (
            JAVASCRIPT,
            "if (import.meta.main) ",
            "",
            "nothing starts main",
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
    assert only(tiny)[1] == "there is no main as others call it"
    put(tiny.root / name, tiny.read(name).replace("API_URL", "ADDRESS"))
    tiny.write()
    assert tiny.said() == ""


def test_a_program_that_is_not_python(tiny):
    tiny.edit(PYTHON, "import os", "import import")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert (place, message) == (f"{PYTHON}:8", "invalid syntax")
    assert advice == "mend it"


def test_a_function_missing_in_one_language(tiny):
    tiny.edit(PYTHON, "async def main", "def extra():\n    pass\n\n\nasync def main")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{PYTHON}:22"
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
    assert message == "no reason is given why Python has no extra"
    assert advice == "give it: // JavaScript only: <reason>"


def test_an_excuse_that_is_not_true(tiny):
    tiny.edit(PYTHON, "async def get", "# Python only: why not.\nasync def get")
    tiny.write()
    _, message, advice, _ = only(tiny)
    assert message == "get_message is not for Python only: both have it"
    assert advice == "remove the comment, or rename one of them"


def test_functions_in_another_order(tiny):
    tiny.edit(PYTHON, "async def get", "def one():\n    pass\n\n\nasync def get")
    tiny.edit(JAVASCRIPT, "export async", "const one = () => {};\n\nexport async")
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{JAVASCRIPT}:0"
    assert message == "its functions stand in another order than in Python"
    assert advice == "put them so: one, getMessage, main"


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
    tiny.edit(PYTHON_TEST, "\n\n# prove", f"\n\n{extra}\n\n# prove")
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

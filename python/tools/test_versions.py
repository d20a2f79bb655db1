from tools import versions
from tools.versions import Answers

PLACE = "before\n<!-- versions: python locks -->\n{}<!-- /versions -->\nafter\n"


def answers(version, answer):
    return {"python": Answers(version, {"locks": ("`Lock`", answer)})}


def test_a_version_fills_in_its_column():
    text = versions.filled(PLACE.format(""), answers("3.11", "no"))
    table = "\n| | 3.11 |\n| --- | --- |\n| `Lock` | no |\n\n"
    assert text == PLACE.format(table)
    assert versions.filled(text, answers("3.11", "no")) == text


def test_the_columns_of_other_versions_stay_and_are_sorted():
    text = PLACE.format("")
    for version in ("3.11", "3.9", "3.14"):
        text = versions.filled(text, answers(version, f"in {version}"))
    assert "| | 3.9 | 3.11 | 3.14 |\n" in text
    assert "| `Lock` | in 3.9 | in 3.11 | in 3.14 |\n" in text
    changed = versions.filled(text, answers("3.11", "yes"))
    assert "| `Lock` | in 3.9 | yes | in 3.14 |\n" in changed


def test_a_row_that_the_page_no_longer_names_goes():
    text = PLACE.format("\n| | 3.9 |\n| --- | --- |\n| old | yes |\n\n")
    text = versions.filled(text, answers("3.11", "no"))
    assert "old" not in text
    assert "| `Lock` | | no |\n" in text


def test_another_language_is_left_alone():
    text = PLACE.format("anything")
    assert versions.filled(text, {}) == text


def test_a_row_that_nobody_can_fill_in_is_named():
    text = PLACE.format("").replace("locks", "locks keys")
    assert versions.unknown(text, answers("3.11", "no")) == ["keys"]


def test_each_language_is_asked_only_where_a_page_has_its_table():
    assert versions.ask(["no table"]) == {}
    text = "<!-- versions: javascript navigator_locks -->\n<!-- /versions -->"
    asked = versions.ask([PLACE.format(""), text])
    assert set(asked) == {"python", "javascript"}
    assert asked["javascript"].rows["navigator_locks"][0] == "`navigator.locks`"
    assert "eager_task_factory" in asked["python"].rows

import pytest

from tools import page

TEXT = """\
# Title

One paragraph.

```python
# not a heading
```

## Output

```text
## not a heading either
```

## Read on

The end.
"""


def one(*lines):
    return page.Section(lines[0], 1, lines)


def test_a_page_taken_apart_and_joined_is_the_same():
    sections = page.sections(TEXT)
    assert "\n".join(section.text for section in sections) == TEXT
    assert [(s.heading, s.line) for s in sections] == [
        ("# Title", 1),
        ("## Output", 9),
        ("## Read on", 15),
    ]


def test_text_before_the_first_heading_is_a_section_of_its_own():
    sections = page.sections("Lost.\n\n# Title\n")
    assert [s.heading for s in sections] == ["", "# Title"]


def test_programs_take_the_place_of_the_first_fence():
    intro = one("# T", "", "Why.", "", "```js", "old", "```", "", "More.", "")
    assert page.with_programs(intro, {"python": "a\n", "javascript": "b\n"}) == [
        *("# T", "", "Why.", ""),
        *("```python", "a", "```", "", "```js", "b", "```", ""),
        *("More.", ""),
    ]


def test_programs_without_a_place_go_to_the_end():
    intro = one("# T", "", "Why.", "")
    lines = page.with_programs(intro, {"python": "a\n", "javascript": "b\n"})
    assert lines[:5] == ["# T", "", "Why.", "", "```python"]


def test_a_fence_is_longer_than_the_backticks_in_it():
    assert page.fence("text", "```\n") == ["````text", "```", "````"]
    [fence] = page.fences(["````text", "```", "````"])
    assert fence.body == "```\n"


def test_one_output_for_both_and_one_for_each():
    both = one("## Output", "", "It says:", "")
    same = page.with_output(both, {"python": "a\n", "javascript": "a\n"})
    assert same == ["## Output", "", "It says:", "", "```text", "a", "```", ""]
    assert page.printed([one(*same)]) == {"python": "a\n", "javascript": "a\n"}
    two = page.with_output(one(*same), {"python": "a\n", "javascript": "b\n"})
    assert two[2:] == [
        *("It says:", "", "Python:", "", "```text", "a", "```", ""),
        *("JavaScript:", "", "```text", "b", "```", ""),
    ]
    assert page.printed([one(*two)]) == {"python": "a\n", "javascript": "b\n"}
    assert page.with_output(one(*two), {"python": "a\n", "javascript": "a\n"}) == same


def test_what_the_author_wrote_between_outputs_stays():
    section = one(
        *("## Output", "", "Python:", "", "```text", "a", "```", "", "But:", ""),
        *("JavaScript:", "", "```text", "b", "```", "", "So.", ""),
    )
    lines = page.with_output(section, {"python": "c\n", "javascript": "c\n"})
    assert lines == [
        *("## Output", "", "```text", "c", "```", "", "But:", "", "So.", ""),
    ]


def test_rows_and_escaped_pipes():
    header, rows = page.rows(
        one("## L", "| | P | J |", "| - | - | - |", r"| or | `a \| b` | `a \|\| b` |")
    )
    assert header is not None
    assert header.cells == ("", "P", "J")
    assert rows == [page.Row(3, ("or", r"`a \| b`", r"`a \|\| b`"))]
    assert page.code_spans(rows[0].cells[2]) == ["a || b"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("no counterpart", []),
        ("`a` and `b()`", ["a", "b()"]),
        ("``fetch(`${url}/x`)``", ["fetch(`${url}/x`)"]),
        ("`` `${url}` ``", ["`${url}`"]),
    ],
)
def test_code_spans(cell, code):
    assert page.code_spans(cell) == code


def test_paragraphs_are_neither_headings_nor_fences():
    [intro, *_] = page.sections(TEXT)
    assert page.paragraphs(intro.lines) == ["One paragraph."]

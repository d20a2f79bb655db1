from tools import page

TEXT = """\
# Title

One paragraph with `code`
and a [link](x.md#y "z").

- **Same:** [a](#a-claim)

Run both: `x`

[python/x.py](../../python/x.py)

```python
# not a heading
```

## Output

```text
## not a heading either
```

<a id="old"></a>

## What differs

### A claim, with `code`!

| a | `b \\| c` |
| --- | --- |
| d | e |

### A claim, with code

The end.
"""


def test_each_block_belongs_to_a_part():
    parts = page.parse(TEXT).parts
    assert {name: [b.type for b in blocks] for name, blocks in parts.items()} == {
        "title": ["heading", "paragraph"],
        "bullets": ["bullet_list"],
        "run line": ["paragraph"],
        "programs": ["paragraph", "fence"],
        "Output": ["heading", "fence"],
        # An address belongs to the heading below it.
        "What differs": [
            "paragraph",
            *["heading"] * 2,
            *["table", "heading", "paragraph"],
        ],
    }


def test_the_source_of_all_blocks_is_the_page():
    parsed = page.parse(TEXT)
    assert parsed.source(parsed.blocks) + "\n" == TEXT


def test_what_a_block_says():
    paragraph = page.parse(TEXT).blocks[1]
    assert page.words(paragraph) == "One paragraph with code and a link."
    assert page.codes(paragraph) == ["code"]
    [link] = page.every(paragraph, "link")
    assert (page.words(link), page.href(link)) == ("link", "x.md#y")
    assert (page.line(paragraph), page.line(link)) == (3, 3)


def test_the_cells_of_a_table():
    [table] = [b for b in page.parse(TEXT).blocks if b.type == "table"]
    header, row = page.every(table, "tr")
    assert [page.words(cell) for cell in row.children] == ["d", "e"]
    assert page.codes(header.children[1]) == ["b | c"]
    assert page.line(row) == page.line(row.children[0]) == page.line(table) + 2


def test_anchors_are_as_on_github():
    assert list(page.parse(TEXT).anchors) == [
        "title",
        "output",
        "old",
        "what-differs",
        "a-claim-with-code",
        "a-claim-with-code-1",
    ]
    assert page.anchor("What `await` does: 1 + 1, é_ü - ok?") == (
        "what-await-does-1--1-é_ü---ok"
    )


def test_a_fence_is_longer_than_the_backticks_in_it():
    text = page.fence("text", "```\n")
    assert text == "````text\n```\n````"
    assert page.parse(text).blocks[0].content == "```\n"

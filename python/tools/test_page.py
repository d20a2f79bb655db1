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
    parts = page.parts(page.parse(TEXT))
    assert {name: [b.kind for b in blocks] for name, blocks in parts.items()} == {
        "title": ["heading", "paragraph"],
        "bullets": ["bullet_list"],
        "run line": ["paragraph"],
        "programs": ["paragraph", "fence"],
        "Output": ["heading", "fence"],
        # An address belongs to the heading below it.
        "What differs": [
            "paragraph",
            "heading",
            *("heading", "table"),
            *("heading", "paragraph"),
        ],
    }


def test_the_source_of_all_blocks_is_the_page():
    parsed = page.parse(TEXT)
    assert parsed.source(parsed.blocks) + "\n" == TEXT


def test_what_a_block_says():
    paragraph = page.parse(TEXT).blocks[1]
    assert paragraph.text == "One paragraph with code and a link."
    assert paragraph.codes == ["code"]
    assert paragraph.links == [page.Link("link", "x.md#y", "z", 3)]
    assert (paragraph.start, paragraph.end) == (2, 4)


def test_the_cells_of_a_table():
    [table] = [b for b in page.parse(TEXT).blocks if b.kind == "table"]
    header, row = table.rows
    assert [cell.text for cell in row.cells] == ["d", "e"]
    assert header.cells[1].codes == ["b | c"]


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
    assert page.parse(text).blocks[0].body == "```\n"

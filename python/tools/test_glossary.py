import pytest

from tools.facts import put
from tools.test_pages import PAGE, TEST, only

GLOSSARY = "docs/glossary.md"
TEXT = """\
# Glossary

### Event loop

A loop. It is good.

### Task

A task. It is good.

### Entry

An entry. It is good.
"""


@pytest.fixture
def page(tiny):
    """Write the paragraph of the claim; what the tool makes of it."""
    put(tiny.root / GLOSSARY, TEXT)

    def written(text):
        old = (
            "say what happens, why the language is made that way, and what to do about"
        )
        tiny.edit(PAGE, f"{old} it.", text)
        tiny.write()
        assert tiny.said() == ""
        claim = tiny.read(PAGE).partition("### a claim\n\n")[2]
        return claim.partition("\n\nProof:")[0]

    return written


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("A task, a task.", "A [task](../glossary.md#task), a task."),
        ("Tasks run.", "[Tasks](../glossary.md#task) run."),
        ("Two entries.", "Two [entries](../glossary.md#entry)."),
        ("The **task**.", "The **[task](../glossary.md#task)**."),
        ("The event\nloop.", "The [event\nloop](../glossary.md#event-loop)."),
        ("`task` and task.", "`task` and [task](../glossary.md#task)."),
        ("``a ` task`` task", "``a ` task`` [task](../glossary.md#task)"),
        ("[a task](tiny.md) task", "[a task](tiny.md) [task](../glossary.md#task)"),
        ('<b title="task">task', '<b title="task">[task](../glossary.md#task)'),
        ("A multitask, taskset, task-like thing.", None),
        ("TaskGroup, asyncio.task, task_group, Task.cancel.", None),
    ],
)
def test_the_first_of_each_word_leads_to_the_glossary(page, text, linked):
    assert page(text) == (linked or text)


def test_never_in_code_tables_headings_and_proofs(tiny):
    before = tiny.read(PAGE)
    put(tiny.root / GLOSSARY, TEXT)
    tiny.edit(PAGE, "### a claim", "### a task claim\n\n```text\nHello\n```\n")
    for _ in range(3):
        tiny.edit(PAGE, "(#a-claim)", "(#a-task-claim)")
    tiny.edit(PAGE, "| ask |", "| ask a task |")
    tiny.edit(PAGE, f'"{TEST}")', f'"{TEST}") (no task)')
    tiny.write()
    assert "glossary" not in tiny.read(PAGE)
    assert tiny.read(PAGE) != before


def test_the_link_moves_to_where_the_word_comes_first(tiny):
    put(tiny.root / GLOSSARY, TEXT)
    tiny.edit(PAGE, "say what happens", "say what a task does")
    tiny.write()
    assert "what a [task](../glossary.md#task) does" in tiny.read(PAGE)
    tiny.edit(PAGE, "say what this is", "say what a task is")
    assert "a word of the glossary is not linked where it first stands" in tiny.said()
    tiny.write()
    assert "what a [task](../glossary.md#task) is" in tiny.read(PAGE)
    assert "say what a task does" in tiny.read(PAGE)
    assert tiny.said() == ""


def test_a_word_is_explained_in_two_sentences(tiny):
    put(tiny.root / GLOSSARY, TEXT.replace("A task. It is good.", "A task."))
    tiny.write()
    place, message, advice, _ = only(tiny)
    assert place == f"{GLOSSARY}:7"
    assert message == "“Task” is not explained in two sentences"
    assert advice == "write two: what it is, and what it is good for"

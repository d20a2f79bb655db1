import pytest

from tools.facts import put
from tools.test_pages import only

MESSAGES = "docs/messages.md"
TEXT = """\
# Messages

## Python

### `{message}`

It means this. Do that: [the claim](feed/tiny.md#a-claim).
"""


def write(tiny, message="Hello from the mock API", old="", new=""):
    put(tiny.root / MESSAGES, TEXT.format(message=message).replace(old, new))
    tiny.write()


@pytest.mark.parametrize(
    "message",
    [
        "Hello from the mock API",
        "Hello … API",
        "OSError: Hello from the mock API",
    ],
)
def test_a_message_is_a_literal_in_a_test(tiny, message):
    tiny.edit("python/feed/test_tiny.py", "from feed", "OSError\nfrom feed")
    tiny.edit("javascript/feed/tiny.test.js", "from the mock", 'from " +\n  "the mock')
    write(tiny, message)
    assert tiny.said() == ""


@pytest.mark.parametrize(
    "message",
    ["Hello from a mock API", "API … Hello", "KeyError: Hello from the mock API"],
)
def test_a_message_reworded(tiny, message):
    write(tiny, message)
    place, said, advice, _ = only(tiny)
    assert place == f"{MESSAGES}:5"
    assert said == f"“{message}” stands in no test of feed/tiny"
    assert advice.startswith("make it a literal in a test there, with … here")


def test_a_message_reworded_in_the_test(tiny):
    write(tiny)
    for name in ("python/feed/test_tiny.py", "javascript/feed/tiny.test.js"):
        tiny.edit(name, "Hello from the mock", "Hello from a mock")
    assert only(tiny)[2].endswith('nearest: "Hello from a mock API\\n"') or (
        "nearest: assert" in only(tiny)[2]
    )


def test_a_message_that_leads_to_no_claim(tiny):
    write(tiny, old="#a-claim", new="#output")
    _, said, advice, _ = only(tiny)
    assert said == "“Hello from the mock API” does not lead to the claim that proves it"
    assert advice == "link to it: [words](chapter/page.md#the-claim)"


def test_a_message_without_a_cure(tiny):
    write(tiny, old="It means this. Do that:", new="It is")
    assert only(tiny)[1] == "“Hello from the mock API” is not explained"

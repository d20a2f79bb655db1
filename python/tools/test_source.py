import pytest

from tools import source
from tools.source import Named

PYTHON = """\
import asyncio
from helpers import y


async def load_feed():
    def inner():
        pass


# JavaScript needs no such thing.
# Python only: a coroutine must be
# given to the loop.
@decorated
def run():
    pass


# Python only:
def test_a():
    pass
"""

JAVASCRIPT = """\
import { x } from "../helpers.js";

export async function* loadFeed() {
  function inner() {}
}
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const wait = async (
  ms,
) => {};
const LIST = [1, 2];
// JavaScript only: no loop
// variable there.
export default function last() {}
"""

TESTS = """\
test("it is Ada's, not `mine`", async (t) => {});
// JavaScript only: because.
test(
  'two lines',
  async () => {},
);
for (const n of [1, 2])
  test(`inner (${n})`, () => {});
test.skip("skipped", () => {});
"""


def test_python_functions():
    assert source.functions(PYTHON, "python") == (
        Named("load_feed", 5, None),
        Named("run", 14, "a coroutine must be given to the loop."),
        Named("test_a", 19, ""),
    )
    assert [t.name for t in source.tests(PYTHON, "python")] == ["test_a"]


def test_javascript_functions():
    assert source.functions(JAVASCRIPT, "javascript") == (
        Named("loadFeed", 3, None),
        Named("sleep", 6, None),
        Named("wait", 7, None),
        Named("last", 13, "no loop variable there."),
    )


def test_javascript_tests_are_those_that_run():
    assert source.tests(TESTS, "javascript") == (
        Named("it is Ada's, not `mine`", 1, None),
        Named("two lines", 3, "because."),
        Named("inner (${n})", 8, None),
    )


@pytest.mark.parametrize(
    ("python", "javascript"),
    [
        ("test_losers_keep_running", "losers keep running"),
        ("test_it_is_last_however_early", "It is last, however early!"),
        ("test_a_404_does_not_raise", "a 404 does not raise"),
        ("test_adas_post", "Ada's post"),
        ("test_a_failure", "a failure (${status})"),
    ],
)
def test_names_of_tests_in_both_languages(python, javascript):
    assert source.test_key(python) == source.test_key(javascript)


def test_names_of_functions_in_both_languages():
    assert source.function_key("load_feed") == source.function_key("loadFeed")
    assert source.function_key("get_json") == source.function_key("getJSON")


@pytest.mark.parametrize(
    "test",
    [
        'assert x == "no running event loop"',
        "assert x == (\n    'no running '\n    'event loop'\n)",
        'assert.equal(x,\n  "no running " +\n    "event loop",\n);',
        "match(/no running event loop/)",
        'f("say \\"no running\\nevent loop\\"")',
    ],
)
def test_what_a_test_says(test):
    assert source.has(source.literals(test), "no running event loop")
    assert source.has(source.literals(test), "no … loop")


@pytest.mark.parametrize(
    "test",
    [
        "# no running event loop",
        "  // no running event loop",
        '"event loop; no running"',
    ],
)
def test_what_a_test_does_not_say(test):
    assert not source.has(source.literals(test), "no running event loop")
    assert not source.has(source.literals(test), "no running … event loop")

import pytest

from tools.catalogue import ROOT, Pair
from tools.starter import refusal

PAIRS = [Pair("feed", "social-feed")]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tiny", "expected chapter/slug in kebab-case, like feed/social-feed"),
        ("feed/", "expected chapter/slug in kebab-case"),
        ("feed/Tiny", "expected chapter/slug in kebab-case"),
        ("feed/tiny_feed", "expected chapter/slug in kebab-case"),
        ("feed/tiny--feed", "expected chapter/slug in kebab-case"),
        ("feed/tiny/more", "expected chapter/slug in kebab-case"),
        ("feed/../tiny", "expected chapter/slug in kebab-case"),
        ("two-words/tiny", "expected a chapter that is one word in small letters"),
        ("/tiny", "expected a chapter that is one word"),
        ("tools/tiny", "tools is not a chapter"),
        ("queue/tiny", "Python itself uses the name queue"),
        ("httpx/tiny", "an installed package is called httpx"),
        ("feed/index", "the slug index has a meaning of its own"),
        ("feed/test-tiny", "the slug test-tiny has a meaning of its own"),
        ("feed/queue", "Python itself uses the name queue, choose another slug"),
        ("feed/await", "Python itself uses the name await"),
        ("feed/concurrent", "Python itself uses the name concurrent"),
        ("feed/httpx", "the program would hide the package httpx"),
        ("basics/social-feed", "the slug is taken by feed/social-feed"),
    ],
)
def test_a_name_that_cannot_be(name, why):
    said = refusal(ROOT, PAIRS, name, "Title")
    assert said.startswith(f"{name}: {why}")
    assert "\n" not in said


@pytest.mark.parametrize("title", ["", "  ", "Two\nlines"])
def test_a_title_that_cannot_be(title):
    assert "expected a title of one line" in refusal(ROOT, [], "feed/tiny", title)


@pytest.mark.parametrize("name", ["feed/tiny", "new/two-words", "feed/feed"])
def test_a_name_that_can_be(name):
    assert refusal(ROOT, PAIRS, name, "Title") == ""

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
        ("tools/tiny", "expected a chapter that is one word"),
        ("queue/tiny", "queue means something else to Python"),
        ("httpx/tiny", "httpx means something else to Python"),
        ("feed/index", "expected chapter/slug in kebab-case"),
        ("feed/test-tiny", "test_tiny means something else to Python"),
        ("feed/queue", "queue means something else to Python"),
        ("feed/await", "await means something else to Python"),
        ("feed/concurrent", "concurrent means something else to Python"),
        ("feed/httpx", "httpx means something else to Python"),
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

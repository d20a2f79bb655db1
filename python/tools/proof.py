"""The tests that prove a claim: what an author names, and what a page then shows.

An author writes names, of Python tests as they are and of JavaScript tests in
backquotes: "Proof: test_losers_keep_running, `a loser can fail`". A page shows
links, with the names as their titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.catalogue import Pair
from tools.facts import Facts, target
from tools.finding import nearest
from tools.source import LANGUAGES, TITLES, test_key

_REASON = re.compile(r"\s\(([^()]*(?:\([^()]*\)[^()]*)*)\)\.?$")
_NAME = re.compile(
    r"\[`?(?P<label>[^\]`]*)`?\]\((?P<href>[^)#\s]+)(?:#\w*)?"
    r'(?:\s"(?P<title>(?:\\.|[^"])*)")?\)|`(?P<code>[^`]+)`|\b(?P<word>test_\w+)'
)


def written(facts: Facts, pair: Pair, source: str) -> str:
    """The paragraph with a link to each test; as it was where one is not known.

    Where the other language has a test of the same name, it is linked, too.
    """
    names, reason = _named(source)
    if not names or any(_unknown(facts, pair, *name) for name in names):
        return source
    known = {
        language: {test_key(name): t for name, t in facts.tests(pair, language).items()}
        for language in LANGUAGES
    }
    keys = [*dict.fromkeys(test_key(name) for name, _ in names)]
    # First the tests of both languages, then those of one.
    keys.sort(key=lambda key: not all(key in tests for tests in known.values()))
    texts = []
    for language, tests in known.items():
        path = f"../../{facts.name(pair.test(language))}"
        links = []
        for i, test in enumerate((tests[key] for key in keys if key in tests), 1):
            title = test.name.replace('"', '\\"')
            links.append(f'[{i}]({path}#L{test.line} "{title}")')
            reason = reason or (test.only or "").removesuffix(".")
        texts += [f"{TITLES[language]} {', '.join(links)}"] if links else []
    alone = len(texts) == 1 and reason and not pair.in_browser
    return "Proof: " + ",\n".join(texts) + (f" ({reason})" if alone else "")


def check(
    facts: Facts, pair: Pair, source: str, line: int
) -> Iterator[tuple[int, str, str]]:
    """Every test that is named exists, and is one of this pair."""
    here = [name for language in LANGUAGES for name in facts.tests(pair, language)]
    names, _ = _named(source)
    if not names:
        advice = f"name one: Proof: {like('', here)}"
        yield line, "no test is named after “Proof:”", advice
    for name, href in names:
        if message := _unknown(facts, pair, name, href):
            yield line, message, f"name {like(name, here)}"


def like(name: str, known: Iterable[str]) -> str:
    """The known test whose name is nearest, as an author names it."""
    spoken = {_words(test): test for test in reversed([*known])}
    near = nearest(_words(name), spoken, 1).removeprefix("nearest: ")
    test = spoken.get(near, "test_of_this_page")
    return test if test.startswith("test_") else f"`{test}`"


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _named(source: str) -> tuple[list[tuple[str, str]], str]:
    """The names of tests in a paragraph, each with what it links to, and the reason."""
    reason = _REASON.search(source)
    names = []
    for found in _NAME.finditer(source[: reason.start()] if reason else source):
        name = found["title"] or found["label"] or found["code"] or found["word"]
        names.append((" ".join(name.replace("\\", "").split()), found["href"] or ""))
    return names, " ".join(reason[1].split()) if reason else ""


def _unknown(facts: Facts, pair: Pair, name: str, href: str) -> str:
    """Why a name is no proof here; "" where it is one."""
    files = [pair.test(language) for language in LANGUAGES]
    if href and target(pair.page, href) not in files:
        return f"`{name}` is a test of another page: {href.lstrip('./')}"
    if any(name in facts.tests(pair, language) for language in LANGUAGES):
        return ""
    for other, language in ((p, x) for p in facts.pairs for x in LANGUAGES):
        if name in facts.tests(other, language):
            file = facts.name(other.test(language))
            return f"`{name}` is a test of another page: {file}"
    return f"`{name}` is in no test file of this page"

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
from tools.finding import Finding, nearest
from tools.page import Block, Page
from tools.source import LANGUAGES, TITLES, Named, test_key

_REASON = re.compile(r"\s\(([^()]*(?:\([^()]*\)[^()]*)*)\)\.?$")
_NAME = re.compile(
    r'\[(?P<label>[^\]]*)\]\((?P<href>[^)#\s]+)(?:#\w*)?(?:\s"(?P<title>(?:\\.|[^"])*)")?\)'
    r"|`(?P<code>[^`]+)`"
    r"|\b(?P<word>test_\w+)"
)


def written(facts: Facts, pair: Pair, source: str) -> str:
    """The paragraph with a link to each test; as it was where one is not known.

    Where the other language has a test of the same name, it is linked, too.
    """
    names, reason = _named(source)
    found = {language: facts.tests(pair, language) for language in LANGUAGES}
    if not names or any(_unknown(facts, pair, *name) for name in names):
        return source
    by_key = {
        language: {test_key(test.name): test for test in some.values()}
        for language, some in found.items()
    }
    keys = list(dict.fromkeys(test_key(name) for name, _ in names))
    # First the tests of both languages, then those of one.
    keys.sort(key=lambda key: not all(key in some for some in by_key.values()))
    linked = {
        language: [some[key] for key in keys if key in some]
        for language, some in by_key.items()
    }
    lists = [
        f"{TITLES[language]} {_links(facts, pair, language, some)}"
        for language, some in linked.items()
        if some
    ]
    text = "Proof: " + ",\n".join(lists)
    if len(lists) < len(LANGUAGES) and not pair.in_browser:
        only = [test.only for some in linked.values() for test in some if test.only]
        reason = reason or (only[0].rstrip(".") if only else "")
        text += f" ({reason})" if reason else ""
    return text


def _links(facts: Facts, pair: Pair, language: str, some: Iterable[Named]) -> str:
    path = f"../../{facts.name(pair.test(language))}"
    titles = [test.name.replace('"', '\\"') for test in some]
    return ", ".join(
        f'[{i}]({path}#L{test.line} "{title}")'
        for i, (test, title) in enumerate(zip(some, titles, strict=True), 1)
    )


def check(facts: Facts, pair: Pair, page: Page, block: Block) -> Iterator[Finding]:
    """Every test that is named exists, and is one of this pair."""
    names, _ = _named("\n".join(page.lines[block.start : block.end]).strip())
    line = block.start + 1
    if not names:
        known = list(facts.tests(pair, "python"))
        advice = f"name the tests of this pair: Proof: {like('', known)}"
        yield Finding(pair.page, line, "no test is named after “Proof:”", advice)
    for name, href in names:
        if message := _unknown(facts, pair, name, href):
            here = [name for x in LANGUAGES for name in facts.tests(pair, x)]
            yield Finding(pair.page, line, message, f"name {like(name, here)}")


def _named(source: str) -> tuple[list[tuple[str, str]], str]:
    """The names of tests in a paragraph, each with what it links to, and the reason."""
    reason = _REASON.search(source)
    rest = source[: reason.start()] if reason else source
    names = []
    for found in _NAME.finditer(rest):
        if found["href"]:
            name = found["title"] or found["label"].strip("`")
        else:
            name = found["code"] or found["word"]
        names.append((" ".join(name.replace("\\", "").split()), found["href"] or ""))
    return names, " ".join(reason[1].split()) if reason else ""


def _unknown(facts: Facts, pair: Pair, name: str, href: str) -> str:
    """Why a name is no proof here; "" where it is one."""
    files = [pair.test(language) for language in LANGUAGES]
    if href and (path := target(pair.page, href)) not in files:
        where = facts.name(path) if path.is_relative_to(facts.root) else href
        return f"`{name}` is a test of another page: {where}"
    if any(name in facts.tests(pair, language) for language in LANGUAGES):
        return ""
    others = [
        facts.name(other.test(language))
        for other in facts.pairs
        for language in LANGUAGES
        if name in facts.tests(other, language)
    ]
    if others:
        return f"`{name}` is a test of another page: {others[0]}"
    return f"`{name}` is in no test file of this page"


def like(name: str, known: Iterable[str]) -> str:
    """The known test whose name is nearest, as an author names it."""
    words = name.replace("_", " ").removeprefix("test ")
    spoken: dict[str, str] = {}
    for test in known:
        spoken.setdefault(test.replace("_", " ").removeprefix("test "), test)
    hint = nearest(words, spoken, n=1, cutoff=0).removeprefix("nearest: ")
    test = spoken.get(hint, "test_of_this_page")
    return test if test.startswith("test_") else f"`{test}`"

"""What must hold of programs and tests: size, comments, the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding
from tools.source import (
    LANGUAGES,
    TITLES,
    Named,
    code_lines,
    function_key,
    functions,
    test_key,
    tests,
)

MAX_CODE = 40  # lines; imports, comments and empty lines are free
MAX_LINES = 79  # of the whole file
MAX_COLUMNS = 72
CODE_PER_COMMENT = 10  # lines of code, at most, for each line of comment
PLACEHOLDER = "TODO:"
_OURS = re.compile(
    r"^\s*(?:from|import) (mock_api|tools|helpers)\b"
    r"""|(?:from|import)\s*\(?["']([^"']*(?:mock_api|tools|helpers)\b[^"']*)["']"""
)
_URL = r"api_url: str = API_URL|database_url: str = DATABASE_URL"
_JS_URL = "apiUrl = API_URL|databaseUrl = DATABASE_URL"
# What `main` looks like, and how a program starts it: a pattern and an example.
_MAIN = {
    "python": (rf"def main\(({_URL})?\)", "async def main(api_url: str = API_URL)"),
    "javascript": (
        rf"function main\(({_JS_URL})?\)",
        "export async function main(apiUrl = API_URL)",
    ),
}
_START = {
    "python": (r'if __name__ == "__main__":', 'if __name__ == "__main__":'),
    # A module of a web page is not asked whether it is the main one.
    "javascript": (
        r"if \((import\.meta\.main|globalThis\.document)\b",
        "if (import.meta.main) await main();",
    ),
}
Names = dict[str, dict[str, Named]]  # by language, then by what they have in common


def check(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """The rules for the programs and the tests of a pair."""
    found: Names = {}
    proofs: Names = {}
    for language in LANGUAGES:
        path, test = pair.program(language), pair.test(language)
        try:
            if text := facts.text(path):
                some = functions(text, language)
                found[language] = {function_key(f.name): f for f in some}
                for said in _program(facts, pair, text, language):
                    yield Finding(path, *said)
            path = test
            if test in facts.texts:
                named = tests(facts.text(test), language)
                proofs[language] = {test_key(t.name): t for t in named}
                for t in named:
                    if proofs[language][test_key(t.name)] is not t:
                        message = f"a second test is called “{t.name}”"
                        yield Finding(test, t.line, message, "rename one of them")
                if not named:
                    advice = "prove the page's claims"
                    yield Finding(test, 0, "there is no test in it", advice)
        except SyntaxError as error:
            yield Finding(path, error.lineno or 0, str(error.msg), "mend it")
    yield from _order(pair, found)
    files = {language: pair.program(language) for language in LANGUAGES}
    yield from _one_sided(files, found, "function")
    files = {language: pair.test(language) for language in LANGUAGES}
    yield from _one_sided(files, proofs, "test")
    for path in pair.files:
        for number, line in enumerate(facts.text(path).splitlines(), 1):
            if PLACEHOLDER in line:
                message = f"a placeholder is left: {line.strip()}"
                yield Finding(path, number, message, "write what it asks for")


def _program(
    facts: Facts, pair: Pair, text: str, language: str
) -> Iterator[tuple[int, str, str]]:
    """Short, with comments that say why, and a shape that others can rely on."""
    lines = text.splitlines()
    code, comments, behind = code_lines(text, language)
    shorter = "make it shorter; if it shows two concepts, make two pairs"
    if len(code) > MAX_CODE:
        message = f"{len(code)} lines of code, at most {MAX_CODE} are allowed"
        yield max(code), message, shorter
    if len(lines) > MAX_LINES:
        message = f"{len(lines)} lines, at most {MAX_LINES} are allowed"
        yield len(lines), message, shorter
    for number, line in enumerate(lines, 1):
        if (long := len(line)) > MAX_COLUMNS:
            message = f"{long} columns, at most {MAX_COLUMNS} are allowed"
            yield number, message, "break the line: both programs stand side by side"
        if found := _OURS.search(line):
            advice = "a program must run when copied alone: import nothing of ours"
            yield number, f"imports {found[1] or found[2]}", advice
    for number in behind:
        yield number, "a comment stands behind code", "put it above the code"
    if len(comments) < len(code) // CODE_PER_COMMENT:
        message = f"{len(comments)} lines of comment for {len(code)} lines of code"
        advice = (
            "say why, above the code that makes a reader ask: about one line for six"
        )
        yield 0, message, advice
    first = [f"Explained in {facts.name(pair.page)}"]
    if "API_URL" in text and not pair.in_browser:
        first.append("Needs the mock API: nox -s api")
    for line in first:
        if line not in text.partition("\nimport")[0].partition("\nconst")[0]:
            message = "its first lines do not lead to its page, or say what it needs"
            yield 1, message, f"say what it does, then: {line}"
    pattern, example = _MAIN[language]
    main = re.search(rf"^(?:export )?(?:async )?{pattern}", text, re.MULTILINE)
    # A program that talks to no server of ours has no address to take.
    if not main or (main[1] is None and re.search(r"\b(API|DATABASE)_URL\b", text)):
        yield 0, "there is no main as others call it", f"declare it so: {example}"
    pattern, example = _START[language]
    if not re.search(f"^{pattern}", text, re.MULTILINE):
        yield 0, "nothing starts main", f"end with: {example}"


def _order(pair: Pair, found: Names) -> Iterator[Finding]:
    """The functions that both have stand in the same order."""
    if len(found) == 2:
        python, javascript = (found[language] for language in LANGUAGES)
        orders = (
            [k for k in python if k in javascript],
            [k for k in javascript if k in python],
        )
        if orders[0] != orders[1]:
            wanted = ", ".join(javascript[key].name for key in orders[0])
            message = "its functions stand in another order than in Python"
            yield Finding(pair.javascript, 0, message, f"put them so: {wanted}")


def _one_sided(files: Mapping[str, Path], named: Names, kind: str) -> Iterator[Finding]:
    """What one language has alone says why; what both have does not."""
    for language, other in (LANGUAGES, LANGUAGES[::-1]) if len(named) == 2 else ():
        mark = "#" if language == "python" else "//"
        reason = f"{mark} {TITLES[language]} only: <reason>"
        for key, one in named[language].items():
            both = key in named[other]
            if both and one.only is not None:
                message = f"{one.name} is not for {TITLES[language]} only: both have it"
                advice = "remove the comment, or rename one of them"
            elif not both and one.only is None:
                message = f"{TITLES[other]} has no {kind} like {one.name}"
                advice = f"add it there; or say why not, directly above it: {reason}"
            elif not both and not one.only:
                message = f"no reason is given why {TITLES[other]} has no {one.name}"
                advice = f"give it: {reason}"
            else:
                continue
            yield Finding(files[language], one.line, message, advice)

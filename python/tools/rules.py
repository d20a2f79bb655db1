"""What must hold of programs and tests: size, comments, the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
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
    imports,
    test_key,
    tests,
)

MAX_CODE = 40  # lines; imports, comments and empty lines are free
MAX_LINES = 79  # of the whole file
MAX_COLUMNS = 72
CODE_PER_COMMENT = 10  # lines of code, at most, for each line of comment
PLACEHOLDER = "TODO:"
_OURS = {"mock_api", "tools", "helpers"}
# What talks to a database instead takes its URL.
_MAIN = {
    "python": (
        re.compile(
            r"^(?:async )?def main\("
            r"(api_url: str = API_URL|database_url: str = DATABASE_URL)?\)",
            re.MULTILINE,
        ),
        "async def main(api_url: str = API_URL) -> None:",
    ),
    "javascript": (
        re.compile(
            r"^(?:export )?(?:async )?function main\("
            r"(apiUrl = API_URL|databaseUrl = DATABASE_URL)?\)",
            re.MULTILINE,
        ),
        "export async function main(apiUrl = API_URL) {",
    ),
}
_START = {
    "python": (
        re.compile(r'^if __name__ == "__main__":', re.MULTILINE),
        'if __name__ == "__main__":',
    ),
    "javascript": (
        # A module of a web page is not asked whether it is the main one.
        re.compile(r"^if \((import\.meta\.main|globalThis\.document)\b", re.MULTILINE),
        "if (import.meta.main) await main();",
    ),
}


def check(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """The rules for the programs and the tests of a pair."""
    yield from _programs(facts, pair)
    yield from _tests(facts, pair)
    for path in pair.files:
        for number, line in enumerate(facts.texts.get(path, "").splitlines(), 1):
            if PLACEHOLDER in line:
                message = f"a placeholder is left: {line.strip()}"
                yield Finding(path, number, message, "write what it asks for")


def _programs(facts: Facts, pair: Pair) -> Iterator[Finding]:
    named: dict[str, tuple[Named, ...]] = {}
    for language in LANGUAGES:
        path = pair.program(language)
        text = facts.texts.get(path)
        if text is None:
            continue
        try:
            named[language] = functions(text, language)
            yield from chain(
                _size(path, text, language),
                _header(facts, pair, path, text),
                _shape(path, text, language),
            )
        except SyntaxError as error:
            yield Finding(path, error.lineno or 0, str(error.msg), "mend the program")
    if len(named) == 2:
        yield from _parity(pair, named)


def _size(path: Path, text: str, language: str) -> Iterator[Finding]:
    """Short enough to be read from top to bottom, and with comments that say why."""
    lines = text.splitlines()
    code, comments, behind = code_lines(text, language)
    shorter = "make it shorter; if it shows two concepts, make two pairs"
    if len(code) > MAX_CODE:
        message = f"{len(code)} lines of code, at most {MAX_CODE} are allowed"
        yield Finding(path, max(code), message, shorter)
    if len(lines) > MAX_LINES:
        message = f"{len(lines)} lines, at most {MAX_LINES} are allowed"
        yield Finding(path, len(lines), message, shorter)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield Finding(
                path,
                number,
                f"{len(line)} columns, at most {MAX_COLUMNS} are allowed",
                "break the line: both programs stand side by side",
            )
    for number in behind:
        message, advice = "a comment stands behind code", "put it above the code"
        yield Finding(path, number, message, advice)
    if len(comments) < len(code) // CODE_PER_COMMENT:
        yield Finding(
            path,
            0,
            f"{len(comments)} lines of comment for {len(code)} lines of code",
            "say why, above the code that makes a reader ask: about one line for six",
        )


def _header(facts: Facts, pair: Pair, path: Path, text: str) -> Iterator[Finding]:
    """The first lines lead to the page, and say what the program needs."""
    first = text.partition("\nimport")[0].partition("\nconst")[0]
    wanted = [f"Explained in {facts.name(pair.page)}"]
    if "API_URL" in text and not pair.in_browser:
        wanted.append("Needs the mock API: nox -s api")
    for line in wanted:
        if line not in first:
            message = "its first lines do not lead to its page, or say what it needs"
            yield Finding(path, 1, message, f"say what it does, then: {line}")


def _shape(path: Path, text: str, language: str) -> Iterator[Finding]:
    """It has a `main` that takes the address, and imports nothing of ours."""
    pattern, example = _MAIN[language]
    found = pattern.search(text)
    # A program that talks to no server of ours has no address to take.
    if not found or (found[1] is None and re.search(r"\b(API|DATABASE)_URL\b", text)):
        name = "main(api_url: str = API_URL)"
        name = name if language == "python" else "main(apiUrl = API_URL)"
        yield Finding(path, 0, f"there is no {name}", f"declare it so: {example}")
    pattern, example = _START[language]
    if not pattern.search(text):
        start = example.partition(")")[0] + ")" if language != "python" else example
        yield Finding(path, 0, f"there is no `{start}`", f"end with: {example}")
    for module in imports(text, language):
        if _OURS & set(re.split(r"[./]", module)):
            yield Finding(
                path,
                _line_of(text, module),
                f"imports {module}",
                "a program must run when copied alone: import nothing of ours",
            )


def _line_of(text: str, part: str) -> int:
    return text[: max(text.find(part), 0)].count("\n") + 1


def _parity(pair: Pair, named: dict[str, tuple[Named, ...]]) -> Iterator[Finding]:
    """The same functions in the same order, but for those excused."""
    keys = {
        language: {function_key(f.name): f for f in some if f.name != "main"}
        for language, some in named.items()
    }
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        path = pair.program(language)
        for key, function in keys[language].items():
            yield from _one_sided(
                path, function, language, other, key in keys[other], "function"
            )
    common = [
        [function.name for key, function in keys[a].items() if key in keys[b]]
        for a, b in (LANGUAGES, LANGUAGES[::-1])
    ]
    orders = [[function_key(name) for name in names] for names in common]
    if orders[0] != orders[1]:
        yield Finding(
            pair.javascript,
            0,
            f"functions in another order than in Python: {', '.join(common[1])}",
            f"put them in one order; in Python it is {', '.join(common[0])}",
        )


def _one_sided(
    path: Path, named: Named, language: str, other: str, both: bool, kind: str
) -> Iterator[Finding]:
    """What is wrong with a function or test as to the other language."""
    mark = "#" if language == "python" else "//"
    excuse = f"{mark} {TITLES[language]} only: <reason>"
    if both and named.only is not None:
        yield Finding(
            path,
            named.line,
            f"{named.name} is said to be for {TITLES[language]} only, "
            f"but {TITLES[other]} has it too",
            "remove the comment, or rename one of them",
        )
    elif not both and named.only is None:
        yield Finding(
            path,
            named.line,
            f"{TITLES[other]} has no {kind} like {named.name}",
            f"add it there; or say why not, directly above it: {excuse}",
        )
    elif not both and not named.only:
        yield Finding(
            path,
            named.line,
            f"no reason is given why {named.name} is for {TITLES[language]} only",
            f"give it: {excuse}",
        )


def _tests(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """Every test file has tests, and the same in both languages."""
    found: dict[str, dict[str, Named]] = {}
    for language in LANGUAGES:
        path = pair.test(language)
        if path not in facts.texts:
            continue
        try:
            some = tests(facts.texts[path], language)
        except SyntaxError as error:
            yield Finding(path, error.lineno or 0, str(error.msg), "mend the test")
            continue
        if not some:
            yield Finding(path, 0, "there is no test in it", "prove the page's claims")
        named = found[language] = {}
        for test in some:
            if named.setdefault(test_key(test.name), test) != test:
                message = f"a second test is called “{test.name}”"
                yield Finding(path, test.line, message, "rename one of them")
    if len(found) < 2:
        return
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        for key, test in found[language].items():
            yield from _one_sided(
                pair.test(language), test, language, other, key in found[other], "test"
            )

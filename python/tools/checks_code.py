"""What must hold of programs and tests: size, shape, the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding
from tools.source import (
    LANGUAGES,
    TITLES,
    Named,
    function_key,
    functions,
    imports,
    test_key,
    tests,
)

MAX_LINES = 60
MAX_COLUMNS = 72
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
        re.compile(r"^if \((import\.meta\.main|globalThis\.document)\)", re.MULTILINE),
        "if (import.meta.main) await main();",
    ),
}


def check_programs(facts: Facts, pair: Pair) -> Iterator[Finding]:
    """The rules for programs, each alone and both together."""
    named: dict[str, tuple[Named, ...]] = {}
    for language in LANGUAGES:
        path = pair.program(language)
        text = facts.texts.get(path)
        if text is None:
            continue
        try:
            named[language] = functions(text, language)
            yield from _program(path, text, language)
        except SyntaxError as error:
            yield Finding(path, error.lineno or 0, str(error.msg), "mend the program")
    if len(named) == 2:
        yield from _parity(pair, named)


def _program(path: Path, text: str, language: str) -> Iterator[Finding]:
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield Finding(
            path,
            len(lines),
            f"{len(lines)} lines, at most {MAX_LINES} are allowed",
            "make it shorter: one concept, readable from top to bottom",
        )
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield Finding(
                path,
                number,
                f"{len(line)} columns, at most {MAX_COLUMNS} are allowed",
                "break the line: both programs stand side by side",
            )
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


def check_tests(facts: Facts, pair: Pair) -> Iterator[Finding]:
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

"""Read the names of functions and tests out of programs and test files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

LANGUAGES = ("python", "javascript")
TITLES = {"python": "Python", "javascript": "JavaScript"}

_FUNCTION = re.compile(
    r"^(?:export )?(?:default )?"
    r"(?:(?:async )?function\b[ *]*(\w+)"
    r"|const (\w+) = (?:async\b|function\b|\([^()]*\) =>|\w+ =>))",
    re.MULTILINE,
)
_TEST = re.compile(r"""^test\(\s*(["'`])(.*?)(?<!\\)\1""", re.MULTILINE)
_IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Named:
    """A top-level function or test.

    `only` is the reason why the other language lacks it: None where nothing
    is said, "" where the comment gives no reason.
    """

    name: str
    line: int  # from 1
    only: str | None


@cache
def functions(text: str, language: str) -> tuple[Named, ...]:
    """The top-level functions; raises SyntaxError on bad Python."""
    if language == "python":
        return tuple(_python_functions(text))
    return tuple(
        _named(text, language, match[1] or match[2], match.start())
        for match in _FUNCTION.finditer(text)
    )


@cache
def tests(text: str, language: str) -> tuple[Named, ...]:
    """The tests of a file; raises SyntaxError on bad Python."""
    if language == "python":
        named = _python_functions(text)
        return tuple(test for test in named if test.name.startswith("test_"))
    return tuple(
        _named(text, language, match[2].replace("\\", ""), match.start())
        for match in _TEST.finditer(text)
    )


@cache
def imports(text: str, language: str) -> tuple[str, ...]:
    """The names of all modules that a program imports."""
    if language == "javascript":
        return tuple(_IMPORT.findall(text))
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append("." * node.level + (node.module or ""))
    return tuple(found)


def function_key(name: str) -> str:
    """Equal for `load_feed` and `loadFeed`."""
    return name.replace("_", "").lower()


def test_key(name: str) -> str:
    """Equal for `test_it_is_adas_post` and `it is Ada's post`."""
    return re.sub(r"[\W_]+", "", name.removeprefix("test_")).lower()


def _python_functions(text: str) -> Iterator[Named]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            reason = _only(text.splitlines()[: first - 1], "python")
            yield Named(node.name, node.lineno, reason)


def _named(text: str, language: str, name: str, offset: int) -> Named:
    above = text[:offset].splitlines()
    return Named(name, len(above) + 1, _only(above, language))


def _only(above: list[str], language: str) -> str | None:
    """The reason in the comment that ends the lines `above`, if it has one."""
    comment = "#" if language == "python" else "//"
    block: list[str] = []
    for line in reversed(above):
        if not line.startswith(comment):
            break
        block.insert(0, line.removeprefix(comment).strip())
    mark = f"{TITLES[language]} only"
    for at, line in enumerate(block):
        if line.startswith(mark):
            reason = " ".join([line.removeprefix(mark), *block[at + 1 :]])
            return reason.lstrip(" :").strip()
    return None

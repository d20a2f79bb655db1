"""Read the names of functions and tests out of programs and test files."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

LANGUAGES = ("python", "javascript")
TITLES = {"python": "Python", "javascript": "JavaScript"}

_FUNCTION = re.compile(
    r"^(?:export )?(?:default )?"
    r"(?:(?:async )?function\b[ *]*(\w+)"
    r"|const (\w+) = (?:async\b|function\b|\([^()]*\) =>|\w+ =>))",
    re.MULTILINE,
)
_TEST = re.compile(r"""^ *test\(\s*(["'`])(.*?)(?<!\\)\1""", re.MULTILINE)
_JAVASCRIPT = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<import>^import\b[^(].*?;$)"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[^\s"'`/]+|/""",
    re.DOTALL | re.MULTILINE,
)


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
    if language == "javascript":
        return tuple(_named(text, m[1] or m[2], m) for m in _FUNCTION.finditer(text))
    lines, found = text.splitlines(), []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            only = _only(lines[: first - 1], "# Python only")
            found.append(Named(node.name, node.lineno, only))
    return tuple(found)


@cache
def tests(text: str, language: str) -> tuple[Named, ...]:
    """The tests of a file; raises SyntaxError on bad Python."""
    if language == "python":
        named = functions(text, language)
        return tuple(test for test in named if test.name.startswith("test_"))
    found = _TEST.finditer(text)
    return tuple(_named(text, m[2].replace("\\", ""), m) for m in found)


@cache
def code_lines(text: str, language: str) -> tuple[set[int], set[int], set[int]]:
    """The lines with code, with a comment alone, with a comment behind code, from 1.

    Imports are no code here, nor is what stands at the top of the file; raises
    SyntaxError on bad Python.
    """
    lines: dict[str, set[int]] = {"code": set(), "comment": set(), "free": set()}
    for kind, first, last in _pieces(text, language):
        lines[kind].update(range(first, last + 1))
    code = lines["code"] | lines["free"]
    behind = code & lines["comment"]
    top = min(code, default=0)
    alone = {n for n in lines["comment"] - behind if n > top}
    return code - lines["free"], alone, behind


def _pieces(text: str, language: str) -> Iterator[tuple[str, int, int]]:
    """What kind of thing stands from which line to which."""
    if language == "javascript":
        for found in _JAVASCRIPT.finditer(text):
            first = text.count("\n", 0, found.start()) + 1
            kind = {"comment": "comment", "import": "free"}.get(found.lastgroup or "")
            yield kind or "code", first, first + found[0].count("\n")
        return
    for node in ast.walk(ast.parse(text)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        if isinstance(node, ast.stmt) and (is_text or is_import):
            yield "free", node.lineno, node.end_lineno or node.lineno
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.string.strip():
            kind = "comment" if token.type == tokenize.COMMENT else "code"
            yield kind, token.start[0], token.end[0]


def function_key(name: str) -> str:
    """Equal for `load_feed` and `loadFeed`."""
    return name.replace("_", "").lower()


def test_key(name: str) -> str:
    """Equal for `test_it_is_adas_post`, `it is Ada's post` and `… post (${year})`."""
    name = re.sub(r"\$\{[^}]*\}", "", name.removeprefix("test_"))
    return re.sub(r"[\W_]+", "", name).lower()


@cache
def literals(text: str) -> str:
    """A test file on one line: comments gone, broken strings whole, escapes meant.

    What a message says is looked for in it, so that it does not matter how the
    file breaks a string into lines.
    """
    kept = re.sub(r"^\s*(#|//|/\*|\* ).*", "", text, flags=re.MULTILINE)
    whole = re.sub(r"""(["'`])\s*\+?\s*\n\s*[rbf]{0,2}["'`]""", "", kept)
    meant = re.sub(r"\\(.)", r"\1", re.sub(r"\\[nt]", " ", whole))
    return " ".join(meant.split())


def has(text: str, pattern: str) -> bool:
    """Whether the pieces of the pattern between `…` stand in the text, in order."""
    for piece in filter(None, map(str.strip, pattern.split("…"))):
        _, found, text = text.partition(piece)
        if not found:
            return False
    return True


def _named(text: str, name: str, found: re.Match[str]) -> Named:
    above = text[: found.start()].splitlines()
    return Named(name, len(above) + 1, _only(above, "// JavaScript only"))


def _only(above: list[str], mark: str) -> str | None:
    """The reason in the comment that ends the lines `above`, if it has one."""
    comment = mark.partition(" ")[0]
    block = [*takewhile(lambda line: line.startswith(comment), reversed(above))]
    _, found, reason = "\n".join(reversed(block)).partition(mark)
    words = reason.replace(f"\n{comment}", " ").lstrip(" :").split()
    return " ".join(words) if found else None

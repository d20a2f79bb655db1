"""Read the names of functions and tests out of programs and test files."""

from __future__ import annotations

import ast
import io
import re
import tokenize
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
_TEST = re.compile(r"""^ *test\(\s*(["'`])(.*?)(?<!\\)\1""", re.MULTILINE)
_JAVASCRIPT = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<import>^import\b[^(].*?;$)"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[^\s"'`/]+|/""",
    re.DOTALL | re.MULTILINE,
)
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


@cache
def imported(text: str, language: str) -> set[str]:
    """The names that a program's imports give it; raises SyntaxError on bad Python."""
    if language == "python":
        return {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.parse(text).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
    lines = re.findall(r"^import (.*?) from ", text, re.DOTALL | re.MULTILINE)
    return {name for line in lines for name in re.findall(r"\w+", line)} - {"as"}


@cache
def code_lines(text: str, language: str) -> tuple[set[int], set[int], set[int]]:
    """The lines that hold code, a comment alone, a comment behind code, from 1.

    Imports are no code here, nor is what stands at the top of the file; raises
    SyntaxError on bad Python.
    """
    marked = _python_marks if language == "python" else _javascript_marks
    code, comments, free = marked(text)
    behind = code & comments
    # The comment at the top says what the program is.
    first = min(code | free, default=0)
    return code - free, {n for n in comments - behind if n > first}, behind


def _python_marks(text: str) -> tuple[set[int], set[int], set[int]]:
    tree = ast.parse(text)
    code: set[int] = set()
    comments: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        lines = range(token.start[0], token.end[0] + 1)
        if token.type == tokenize.COMMENT:
            comments.update(lines)
        elif token.string.strip():
            code.update(lines)
    free: set[int] = set()
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.stmt) and (
            is_text or isinstance(node, ast.Import | ast.ImportFrom)
        ):
            free.update(range(node.lineno, (node.end_lineno or 0) + 1))
    return code, comments, free


def _javascript_marks(text: str) -> tuple[set[int], set[int], set[int]]:
    code: set[int] = set()
    comments: set[int] = set()
    free: set[int] = set()
    for found in _JAVASCRIPT.finditer(text):
        first = text.count("\n", 0, found.start()) + 1
        lines = range(first, first + found[0].count("\n") + 1)
        kinds = {"comment": comments, "import": free}
        kinds.get(found.lastgroup or "", code).update(lines)
    return code | free, comments, free


def function_key(name: str) -> str:
    """Equal for `load_feed` and `loadFeed`."""
    return name.replace("_", "").lower()


def test_key(name: str) -> str:
    """Equal for `test_it_is_adas_post`, `it is Ada's post` and `… post (${year})`."""
    name = re.sub(r"\$\{[^}]*\}", "", name.removeprefix("test_"))
    return re.sub(r"[\W_]+", "", name).lower()


def has(text: str, pattern: str) -> bool:
    """Whether the pieces of the pattern between `…` stand in the text, in order."""
    for piece in filter(None, map(str.strip, pattern.split("…"))):
        _, found, text = text.partition(piece)
        if not found:
            return False
    return True


@cache
def literals(text: str) -> str:
    """A test file on one line: comments gone, broken strings whole, escapes meant.

    What a message says is looked for in it, so that it does not matter how the
    file breaks a string into lines.
    """
    lines = [
        line
        for line in text.splitlines()
        if not line.lstrip().startswith(("#", "//", "/*", "* "))
    ]
    whole = re.sub(r"""(["'`])\s*\+?\s*\n\s*[rbf]{0,2}["'`]""", "", "\n".join(lines))
    meant = re.sub(r"\\(.)", r"\1", re.sub(r"\\[nt]", " ", whole))
    return " ".join(meant.split())


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

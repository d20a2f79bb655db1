"""The tables of a page that say what each version does.

A page has a place for the table and names its rows:

    <!-- versions: python eager_task_factory task_group_cancel -->
    <!-- /versions -->

What the rows say is asked of `python/tools/version_answers.py` and
`javascript/tools/versions.js`, run by the version that is there. Each version
fills in its own column and checks only that, so `nox -s versions` does them all.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools import page
from tools.programs import node
from tools.source import LANGUAGES

TABLE = re.compile(
    r"(<!-- versions: (?P<language>python|javascript) (?P<rows>[\w ]+) -->\n)"
    r"(?P<table>.*?)(<!-- /versions -->)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What one version of a language says to each question."""

    version: str  # "3.11" or "24"
    rows: dict[str, tuple[str, str]]  # name to label and answer


def ask(texts: Iterable[str]) -> dict[str, Answers]:
    """The answers of each language whose table stands in one of the pages."""
    wanted = {found["language"] for text in texts for found in TABLE.finditer(text)}
    return {language: _ask(language) for language in LANGUAGES if language in wanted}


def filled(text: str, answers: dict[str, Answers]) -> str:
    """The page with the columns of these versions as they must be."""

    def table(found: re.Match[str]) -> str:
        if not (here := answers.get(found["language"])):
            return found[0]
        rows = _rows(found["table"])
        columns = sorted({here.version, *rows.get("", {})}, key=_number)
        lines = [["", *columns], ["---"] * (len(columns) + 1)]
        for name in found["rows"].split():
            label, answer = here.rows.get(name, (f"{name}?", ""))
            cells = rows.get(label, {}) | {here.version: answer}
            lines.append([label, *(cells.get(column, "") for column in columns)])
        body = "".join(f"| {' | '.join(line)} |\n" for line in lines)
        return f"{found[1]}\n{body.replace('|  |', '| |')}\n{found[5]}"

    return TABLE.sub(table, text)


def unknown(text: str, answers: dict[str, Answers]) -> list[str]:
    """The rows that a page names and nobody can answer."""
    return [
        name
        for found in TABLE.finditer(text)
        for name in found["rows"].split()
        if found["language"] in answers and name not in answers[found["language"]].rows
    ]


def _rows(table: str) -> dict[str, dict[str, str]]:
    """The cells of a table by label, then by version."""
    lines = [page.cells(line) for line in table.splitlines() if line.startswith("|")]
    if len(lines) < 2:
        return {}
    header = lines[0][1:]
    return {
        line[0]: dict(zip(header, line[1:], strict=False))
        for line in [lines[0], *lines[2:]]
    }


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _ask(language: str) -> Answers:
    root = Path(__file__).resolve().parents[2]
    command = {
        "python": [sys.executable, str(root / "python/tools/version_answers.py")],
        "javascript": [node(), str(root / "javascript/tools/versions.js")],
    }[language]
    asked = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    if asked.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{asked.stderr}")
    said = json.loads(asked.stdout)
    rows = {name: (label, answer) for name, label, answer in said["rows"]}
    return Answers(said["version"], rows)

"""The phrasebook: one row and one address for each public name."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator

from tools.facts import Facts
from tools.finding import Finding
from tools.page import every, ids, line, parse, words
from tools.programs import node

PHRASEBOOK = "docs/phrasebook.md"
HEADER = ["python", "javascript", "page"]
_PROMISE = """
const no = ["length", "name", "prototype", "constructor"];
const names = (of, prefix) => Object.getOwnPropertyNames(of)
  .filter((name) => !no.includes(name)).map((name) => prefix + name);
console.log(JSON.stringify([
  ...names(Promise, "Promise."), ...names(Promise.prototype, "Promise.prototype.")]));
"""


def check(facts: Facts) -> Iterator[Finding]:
    """Each row has an address of its own and a page, and no name is missing."""
    path = facts.root / PHRASEBOOK
    for said in _check(facts.text(path)) if path in facts.texts else ():
        yield Finding(path, *said)


def _check(text: str) -> Iterator[tuple[int, str, str]]:
    seen: dict[str, int] = {}
    for table in (block for block in parse(text).blocks if block.type == "table"):
        header, *rows = (row.children for row in every(table, "tr"))
        if [words(cell).lower() for cell in header] != HEADER:
            message = "a table does not begin with | Python | JavaScript | Page |"
            yield line(table), message, "begin it so"
            continue
        for first, _, page in rows:
            if not ids(first):
                advice = 'begin its first cell with <a id="asyncio.name"></a>'
                yield line(first), f"“{words(first)}” has no address", advice
            for name in (name for name in ids(first) if name in seen):
                message = f"the address {name} stands in line {seen[name]}, too"
                yield line(first), message, "keep one row for each name"
            seen |= dict.fromkeys(ids(first), line(first))
            if not every(page, "link") and words(page) != "—":
                advice = "link to the page, or write —"
                yield line(first), f"“{words(first)}” leads to no page", advice
    if missing := [name for name in _names() if name not in seen]:
        advice = f'add a row for each: | <a id="{missing[0]}"></a>`…` | `…` | — |'
        yield 0, f"names without a row: {', '.join(missing)}", advice


def _names() -> list[str]:
    """What this Python's asyncio and this Node's Promise offer.

    Without the child watchers: Python 3.14 has removed them.
    """
    here = [
        name for name in asyncio.__all__ if not re.search("(?i)child_?watcher", name)
    ]
    command = [node(), "--eval", _PROMISE]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return [*(f"asyncio.{name}" for name in here), *json.loads(said)]

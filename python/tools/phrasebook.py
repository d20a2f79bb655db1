"""The phrasebook: one row and one address for each public name."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator

from tools.facts import Facts
from tools.finding import Finding
from tools.page import parse
from tools.programs import node

PHRASEBOOK = "docs/phrasebook.md"
HEADER = ["Python", "JavaScript", "Page"]
_PROMISE = """
const names = (of, prefix) => Object.getOwnPropertyNames(of)
  .filter((name) => !["length", "name", "prototype", "constructor"].includes(name))
  .map((name) => prefix + name);
console.log(JSON.stringify(
  [...names(Promise, "Promise."), ...names(Promise.prototype, "Promise.prototype.")],
));
"""


def check(facts: Facts) -> Iterator[Finding]:
    """Each row has an address of its own and a page, and no name is missing."""
    path = facts.root / PHRASEBOOK
    if path not in facts.texts:
        return
    seen: dict[str, int] = {}
    tables = [b for b in parse(facts.text(PHRASEBOOK)).blocks if b.kind == "table"]
    for header, *rows in (table.rows for table in tables):
        if [cell.text for cell in header.cells] != HEADER:
            message = f"a table does not begin with | {' | '.join(HEADER)} |"
            yield Finding(path, header.start + 1, message, "begin it so")
            continue
        for row in rows:
            line = row.start + 1
            first, *_, page = row.cells
            if not first.ids:
                message = f"the row of “{first.text}” has no address"
                advice = 'begin its first cell with <a id="asyncio.name"></a>'
                yield Finding(path, line, message, advice)
            for name in first.ids:
                if name in seen:
                    message = f"the address {name} stands in line {seen[name]}, too"
                    yield Finding(path, line, message, "keep one row for each name")
                seen.setdefault(name, line)
            if not page.links and page.text != "—":
                message = f"the row of “{first.text}” leads to no page"
                yield Finding(path, line, message, "link to the page, or write —")
    if missing := [name for name in _names() if name not in seen]:
        yield Finding(
            path,
            0,
            f"names without a row: {', '.join(missing)}",
            f'add a row for each: | <a id="{missing[0]}"></a>`…` | `…` | — |',
        )


def _names() -> list[str]:
    """What this Python's asyncio and this Node's Promise offer.

    Without the child watchers: Python 3.14 has removed them.
    """
    watcher = re.compile("child_?watcher", re.IGNORECASE)
    here = [f"asyncio.{name}" for name in asyncio.__all__ if not watcher.search(name)]
    command = [node(), "--eval", _PROMISE]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return [*here, *json.loads(said)]

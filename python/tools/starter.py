"""Start a new pair: five files that work, ready to fill."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.catalogue import NOT_CHAPTERS, Pair
from tools.facts import put

_CHAPTER = re.compile(r"[a-z][a-z0-9]*")
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_PYTHON = '''\
"""TODO: say in one line what it does.

Explained in docs/@chapter@/@slug@.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_message(client: httpx.AsyncClient) -> str:
    response = await client.get("/data")
    # TODO: say why, above the code that makes a reader ask.
    response.raise_for_status()
    return response.json()["message"]


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print(await get_message(client))


if __name__ == "__main__":
    asyncio.run(main())
'''

_JAVASCRIPT = """\
// TODO: say in one line what it does.
// Explained in docs/@chapter@/@slug@.md
// Needs the mock API: nox -s api

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

async function getMessage(apiUrl) {
  const response = await fetch(`${apiUrl}/data`);
  // TODO: say why, above the code that makes a reader ask.
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).message;
}

export async function main(apiUrl = API_URL) {
  console.log(await getMessage(apiUrl));
}

if (import.meta.main) await main();
"""

_PYTHON_TEST = """\
from @chapter@.@module@ import main
from helpers import running


# TODO: prove what the page claims; the same tests in both languages.
async def test_the_message_is_printed_when_it_comes(mock_api):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /data")
        assert program.output == ""
        await mock_api.release("/data")
    assert program.output == "Hello from the mock API\\n"
"""

_JAVASCRIPT_TEST = """\
import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, running } from "../helpers.js";
import { main } from "./@slug@.js";

// TODO: prove what the page claims; the same tests in both languages.
test("the message is printed when it comes", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const program = running(() => main(api.url));
  await api.saw("GET /data");
  assert.equal(program.output, "");
  await api.release("/data");
  await program.done;
  assert.equal(program.output, "Hello from the mock API\\n");
});
"""

_PAGE = """\
# @title@

TODO: say what this is, in one sentence. Then when you need it, in one or two.

- **Same:** TODO: what both languages do, with [a link](#todo-a-claim) to the claim.
- **Different:** TODO: [what differs](#todo-a-claim).
- **Take care:** TODO: [what goes wrong](#todo-a-claim), and what to do about it.

## Line by line

| | Python | JavaScript |
| --- | --- | --- |
| TODO: ask | `await client.get("/data")` | `await fetch(…)` |
| TODO: refuse an error | `response.raise_for_status()` | `if (!response.ok) throw …` |

## What differs

### TODO: a claim

TODO: say what happens, why the language is made that way, and what to do about it.

Proof: test_the_message_is_printed_when_it_comes

## Read on

- Python: [Coroutines and tasks](https://docs.python.org/3/library/asyncio-task.html)
- JavaScript: [async function](https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Statements/async_function)
"""


def refusal(root: Path, pairs: Iterable[Pair], name: str, title: str) -> str:
    """Why no pair can be started under this name; "" where one can."""
    chapter, slash, slug = name.partition("/")
    module = slug.replace("-", "_")
    if not slash or not _SLUG.fullmatch(slug):
        return f"{name}: expected chapter/slug in kebab-case, like feed/social-feed"
    if not _CHAPTER.fullmatch(chapter):
        return f"{name}: expected a chapter that is one word in small letters"
    if chapter in NOT_CHAPTERS:
        return f"{name}: {chapter} is not a chapter, choose another"
    if keyword.iskeyword(chapter) or chapter in sys.stdlib_module_names:
        return f"{name}: Python itself uses the name {chapter}, choose another"
    if _installed(chapter, root):
        return f"{name}: an installed package is called {chapter}, choose another"
    if slug in ("index", "conftest") or slug.startswith("test-"):
        return f"{name}: the slug {slug} has a meaning of its own, choose another"
    if keyword.iskeyword(module) or module in sys.stdlib_module_names:
        return f"{name}: Python itself uses the name {module}, choose another slug"
    if _installed(module, root):
        return f"{name}: the program would hide the package {module}, choose another"
    for pair in pairs:
        if pair.slug == slug:
            return f"{name}: the slug is taken by {pair.name}, choose another"
    if not title.strip() or "\n" in title:
        return f'{name}: expected a title of one line, like "Social feed"'
    return ""


def _installed(module: str, root: Path) -> bool:
    """Whether a package of this name is installed, our own chapters aside."""
    spec = importlib.util.find_spec(module)
    if spec is None:
        return False
    places = [spec.origin] if spec.origin else spec.submodule_search_locations or []
    own = [root / "python", Path(__file__).resolve().parents[1]]
    return not all(Path(place).parent in own for place in places)


def start(root: Path, name: str, title: str) -> Pair:
    """Write the five files of a new pair; what is derived is still missing."""
    chapter, _, slug = name.partition("/")
    pair = Pair(chapter, slug, root)
    values = {
        "@chapter@": chapter,
        "@slug@": slug,
        "@module@": pair.module,
        "@title@": title.strip(),
    }
    texts = (_PYTHON, _JAVASCRIPT, _PAGE, _PYTHON_TEST, _JAVASCRIPT_TEST)
    for path, text in zip(pair.files, texts, strict=True):
        for mark, value in values.items():
            text = text.replace(mark, value)  # noqa: PLW2901
        put(path, text)
    return pair

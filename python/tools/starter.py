"""Start a new pair: five files that work, ready to fill. `template/` holds them."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.catalogue import NOT_CHAPTERS, Pair
from tools.facts import put

_TEMPLATES = Path(__file__).with_name("template")
_NAMES = ("program.py", "program.js", "page.md", "test.py", "test.js")
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def refusal(root: Path, pairs: Iterable[Pair], name: str, title: str) -> str:
    """Why no pair can be started under this name; "" where one can."""
    chapter, _, slug = name.partition("/")
    taken = next((pair.name for pair in pairs if pair.slug == slug), None)
    if not _SLUG.fullmatch(slug) or slug in ("index", "conftest"):
        return f"{name}: expected chapter/slug in kebab-case, like feed/social-feed"
    if not re.fullmatch(r"[a-z][a-z0-9]*", chapter) or chapter in NOT_CHAPTERS:
        return f"{name}: expected a chapter that is one word in small letters"
    for word in (chapter, slug.replace("-", "_")):
        if word.startswith("test_") or _means_something(word, root):
            return f"{name}: {word} means something else to Python, choose another"
    if taken:
        return f"{name}: the slug is taken by {taken}, choose another"
    if not title.strip() or "\n" in title:
        return f'{name}: expected a title of one line, like "Social feed"'
    return ""


def _means_something(module: str, root: Path) -> bool:
    """Whether Python or an installed package has this name, our chapters aside."""
    if keyword.iskeyword(module) or module in sys.stdlib_module_names:
        return True
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
    values = {"chapter": chapter, "slug": slug, "module": pair.module, "title": title}
    for path, template in zip(pair.files, _NAMES, strict=True):
        text = (_TEMPLATES / f"{template}.txt").read_text("utf-8")
        put(path, re.sub(r"@(\w+)@", lambda found: values[found[1]].strip(), text))
    return pair

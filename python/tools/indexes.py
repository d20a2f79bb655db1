"""What is collected from all pages: the catalogue, the chapters, README.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.catalogue import INDEX, Pair, find_chapters
from tools.facts import Facts
from tools.finding import WRITE, Finding, diff, nearest
from tools.heading.line_by_line import rows
from tools.heading.title import first_sentence
from tools.page import FENCES, Page, fence, parse
from tools.rules import PLACEHOLDER
from tools.source import LANGUAGES, imported

FRONT = "README.md"
CONSTRUCTS = 3  # of each language, in the catalogue
_SHOWN = re.compile(r"(<!-- pair: (\S+) -->\n).*?(<!-- /pair -->)", re.DOTALL)
_CHAPTER = """\
# {title}

{placeholder} two or three sentences: what this chapter is about.

<!-- pages -->
<!-- /pages -->
"""
_GLOBALS = "fetch|queueMicrotask|structuredClone|set(?:Timeout|Interval|Immediate)"
_API = re.compile(
    rf"(?!(?:Array|Date|Error|JSON|Map|Math|Number|Object|Set|String)$)"
    rf"[A-Z]\w*[a-z]\w*|{_GLOBALS}"
)
_NAMES = re.compile(
    r"(?<![\w.$])(?:(?P<words>async for|for await|await using|async with)\b"
    rf"|(?P<name>(?:[A-Z]\w+|{_GLOBALS}|\w+)(?:\.\w+)*))(?=[^\w.]|$)"
)


def written(facts: Facts) -> dict[Path, str]:
    """The true text of every file that is collected from the pages."""
    there = [pair for pair in facts.pairs if pair.page in facts.texts]
    chapters = {
        name: [pair for pair in there if pair.chapter == name]
        for name in find_chapters(facts.root, there)
    }
    texts = {}
    for chapter, pairs in chapters.items():
        title = chapter.replace("-", " ").capitalize()
        empty = _CHAPTER.format(title=title, placeholder=PLACEHOLDER)
        name = _readme(chapter)
        text = facts.text(name) or empty
        texts[facts.root / name] = _filled(text, "pages", _pages(facts, pairs))
    now = {chapter: parse(texts[facts.root / _readme(chapter)]) for chapter in chapters}
    catalogue = [
        _chapter(facts, name, now[name], pairs) for name, pairs in chapters.items()
    ]
    lines = [
        _line(now[name], name, len(pairs)) for name, pairs in chapters.items() if pairs
    ]
    if index := facts.text(INDEX):
        texts[facts.root / INDEX] = _filled(index, "catalogue", "\n\n".join(catalogue))
    if front := facts.text(FRONT):
        front = _SHOWN.sub(lambda found: _shown(facts, found), front)
        texts[facts.root / FRONT] = _filled(front, "chapters", "\n".join(lines))
    return texts


def check(facts: Facts) -> Iterator[Finding]:
    """Every index has its place for what is collected, and says it."""
    for name, mark in ((INDEX, "catalogue"), (FRONT, "chapters")):
        text = facts.text(name)
        if f"<!-- {mark} -->" not in text or f"<!-- /{mark} -->" not in text:
            advice = f"add the lines <!-- {mark} --> and <!-- /{mark} -->, then {WRITE}"
            message = f"it has no place for the {mark}"
            yield Finding(facts.root / name, 0, message, advice)
    names = [pair.name for pair in facts.pairs]
    for shown in _SHOWN.finditer(facts.text(FRONT)):
        if shown[2] not in names:
            line = facts.text(FRONT)[: shown.start()].count("\n") + 1
            message = f"shows the pair {shown[2]}, which does not exist"
            advice = f"name one that does; {nearest(shown[2], names, cutoff=0)}"
            yield Finding(facts.root / FRONT, line, message, advice)
    for path, text in written(facts).items():
        old = facts.texts.get(path, "")
        if old != text:
            message = "not what the pages say" if old else "missing"
            yield Finding(path, 0, message, WRITE, diff(old, text, "the file", "true"))
        if PLACEHOLDER in text and path.parents[1] == facts.root / "docs":
            message, advice = "a placeholder is left", "say what the chapter is about"
            yield Finding(path, 0, message, advice)


def _readme(chapter: str) -> str:
    return f"docs/{chapter}/README.md"


def _filled(text: str, mark: str, content: str) -> str:
    """The text with `content` between its marks; as it was where it has none."""
    place = re.compile(f"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    return place.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)


def _pages(facts: Facts, pairs: Sequence[Pair]) -> str:
    return "\n".join(
        f"{i}. [{facts.title(p)}]({p.slug}.md): {first_sentence(facts.page(p))}"
        for i, p in enumerate(pairs, 1)
    )


def _line(chapter: Page, name: str, count: int) -> str:
    """A chapter on README.md."""
    pages = "1 page" if count == 1 else f"{count} pages"
    about = first_sentence(chapter)
    return f"- [{chapter.title}]({_readme(name)}) ({pages}): {about}"


def _chapter(facts: Facts, name: str, chapter: Page, pairs: Sequence[Pair]) -> str:
    """A chapter in the catalogue."""
    lines = [f"### [{chapter.title}]({name}/README.md)", "", first_sentence(chapter)]
    if not pairs:
        return "\n".join(lines)
    lines += [
        "",
        "| Concept | What it is | Constructs | Programs |",
        "| --- | --- | --- | --- |",
    ]
    for pair in pairs:
        page = facts.page(pair)
        programs = " ".join(
            f"[{name}](../{facts.name(pair.program(language))})"
            for language, name in (("python", "Python"), ("javascript", "JavaScript"))
        )
        about = first_sentence(page).replace("|", "\\|")
        constructs = " ".join(f"`{name}`" for name in _constructs(facts, pair, page))
        cells = [f"[{facts.title(pair)}]({pair.name}.md)", about, constructs, programs]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _constructs(facts: Facts, pair: Pair, page: Page) -> list[str]:
    """What the code of *Line by line* takes from the language or a library."""
    found = []
    for i, language in enumerate(LANGUAGES, 1):
        try:
            known = imported(facts.texts.get(pair.program(language), ""), language)
        except SyntaxError:
            known = set()
        names: list[str] = []
        for row in rows(page)[1:]:
            for code in row.cells[i].codes if len(row.cells) > i else []:
                for name in _NAMES.finditer(re.sub(r"([\"'`]).*?\1", "", code)):
                    root = (name["name"] or "").partition(".")[0]
                    api = language == "javascript" and _API.fullmatch(root)
                    if name["words"] or root in known or api:
                        names.append(name[0])
        found += list(dict.fromkeys(names))[:CONSTRUCTS]
    return list(dict.fromkeys(found))


def _shown(facts: Facts, found: re.Match[str]) -> str:
    """The two programs of the pair that a marker names; as it was if unknown."""
    pair = next((p for p in facts.pairs if p.name == found[2]), None)
    texts = [facts.texts.get(pair.program(x)) for x in LANGUAGES] if pair else []
    if not pair or None in texts:
        return found[0]
    fences = [
        fence(FENCES[language], text or "")
        for language, text in zip(LANGUAGES, texts, strict=True)
    ]
    return f"{found[1]}\n" + "\n\n".join(fences) + f"\n\n{found[3]}"

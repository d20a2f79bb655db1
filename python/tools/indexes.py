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
from tools.page import FENCES, PROGRAMS, Page, codes, fence, parse
from tools.rules import PLACEHOLDER
from tools.source import TITLES

FRONT = "README.md"
_CHAPTER = """\
# {title}

{placeholder} two or three sentences: what this chapter is about.

<!-- pages -->
<!-- /pages -->
"""
_SHOWN = re.compile(r"(<!-- pair: (\S+) -->\n).*?(<!-- /pair -->)", re.DOTALL)
# Names of APIs in code: of asyncio, classes, JavaScript's functions, statements.
_CONSTRUCT = re.compile(
    r"(?<![\w.$])(?:async for|for await|await using|async with|asyncio\.\w+(?:\.\w+)*"
    r"|fetch|queueMicrotask|structuredClone|set(?:Timeout|Interval|Immediate)"
    r"|(?!(?:Array|Date|Error|False|JSON|Map|Math|None|Number|Object|Set|String|True)\b)"
    r"(?:[a-z]\w*\.)?[A-Z]\w*[a-z]\w*(?:\.\w+)*)(?![\w.])"
)
# The classes of a program itself.
_OWN = re.compile(r"^(?:export )?class (\w+)", re.MULTILINE)


def written(facts: Facts) -> dict[Path, str]:
    """The true text of every file that is collected from the pages."""
    there = [pair for pair in facts.pairs if pair.page in facts.texts]
    texts = {}
    catalogue, front = [], []
    for chapter in find_chapters(facts.root, there):
        pairs = [pair for pair in there if pair.chapter == chapter]
        name, title = f"docs/{chapter}/README.md", chapter.capitalize()
        empty = _CHAPTER.format(title=title, placeholder=PLACEHOLDER)
        text = _filled(facts.text(name) or empty, "pages", _pages(facts, pairs))
        texts[facts.root / name] = text
        page = parse(text)
        catalogue.append(_table(facts, chapter, page, pairs))
        if pairs:
            many = "1 page" if len(pairs) == 1 else f"{len(pairs)} pages"
            front.append(f"- [{page.title}]({name}) ({many}): {first_sentence(page)}")
    shown = _SHOWN.sub(lambda found: _shown(facts, found), facts.text(FRONT))
    texts[facts.root / FRONT] = _filled(shown, "chapters", "\n".join(front))
    index = _filled(facts.text(INDEX), "catalogue", "\n\n".join(catalogue))
    return texts | {facts.root / INDEX: index}


def check(facts: Facts) -> Iterator[Finding]:
    """Every index has its place for what is collected, and says it."""
    for name, mark in ((INDEX, "catalogue"), (FRONT, "chapters")):
        if not _place(mark).search(facts.text(name)):
            message = f"it has no place for the {mark}"
            advice = f"add the lines <!-- {mark} --> and <!-- /{mark} -->, then {WRITE}"
            yield Finding(facts.root / name, 0, message, advice)
    names = [pair.name for pair in facts.pairs]
    for _, shown, _ in _SHOWN.findall(facts.text(FRONT)):
        if shown not in names:
            message = f"shows the pair {shown}, which does not exist"
            advice = f"name one that does; {nearest(shown, names)}"
            yield Finding(facts.root / FRONT, 0, message, advice)
    for path, text in written(facts).items():
        old = facts.text(path)
        if old != text:
            message = "not what the pages say" if old else "missing"
            yield Finding(path, 0, message, WRITE, diff(old, text, "the file", "true"))
        if PLACEHOLDER in text and path.parents[1] == facts.root / "docs":
            advice = "say what the chapter is about"
            yield Finding(path, 0, "a placeholder is left", advice)


def _place(mark: str) -> re.Pattern[str]:
    return re.compile(f"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)


def _filled(text: str, mark: str, content: str) -> str:
    """The text with `content` between its marks; as it was where it has none."""
    body = f"\n{content}\n\n" if content else ""
    return _place(mark).sub(lambda found: found[1] + body + found[2], text)


def _pages(facts: Facts, pairs: Sequence[Pair]) -> str:
    """The pages of a chapter, in its README.md."""
    titles = [f"[{facts.title(pair)}]({pair.slug}.md)" for pair in pairs]
    abouts = [first_sentence(facts.page(pair)) for pair in pairs]
    lines = enumerate(zip(titles, abouts, strict=True), 1)
    return "\n".join(f"{i}. {title}: {about}" for i, (title, about) in lines)


def _table(facts: Facts, chapter: str, page: Page, pairs: Sequence[Pair]) -> str:
    """A chapter in the catalogue."""
    lines = [f"### [{page.title}]({chapter}/README.md)", "", first_sentence(page)]
    if pairs:
        columns = ["Concept", "What it is", "Constructs", "Programs"]
        lines += ["", f"| {' | '.join(columns)} |", "| --- | --- | --- | --- |"]
    for pair in pairs:
        programs = " ".join(
            f"[{title}](../{facts.name(pair.program(language))})"
            for language, title in TITLES.items()
        )
        about = first_sentence(facts.page(pair)).replace("|", "\\|")
        names = " ".join(f"`{name}`" for name in _constructs(facts.page(pair)))
        concept = f"[{facts.title(pair)}]({pair.name}.md)"
        lines.append(f"| {concept} | {about} | {names} | {programs} |")
    return "\n".join(lines)


def _constructs(page: Page) -> list[str]:
    """The first three APIs in the code of *Line by line*, of each language."""
    found = []
    own = _OWN.findall(page.source(page.parts.get(PROGRAMS, [])))
    for column in (1, 2):
        cells = [row[column] for row in rows(page)[1:] if row[2:]]
        # Not what stands in a string.
        texts = [re.sub(r"([\"'`]).*?\1", "", x) for cell in cells for x in codes(cell)]
        names = (n for t in texts for n in _CONSTRUCT.findall(t) if n not in own)
        found += [*dict.fromkeys(names)][:3]
    return list(dict.fromkeys(found))


def _shown(facts: Facts, found: re.Match[str]) -> str:
    """The two programs of the pair that a marker names; as it was if unknown."""
    pair = next((p for p in facts.pairs if p.name == found[2]), None)
    if pair is None:
        return found[0]
    programs = {name: facts.text(pair.program(x)) for x, name in FENCES.items()}
    fences = [fence(name, text) for name, text in programs.items()]
    return f"{found[1]}\n" + "\n\n".join(fences) + f"\n\n{found[3]}"

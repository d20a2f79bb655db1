"""Take a page apart, and put what is derived into its places.

A page is a list of sections. All that is here works on text alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.source import TITLES

HEADINGS = [
    "Output",
    "Line by line",
    "What differs",
    "What the API saw",
    "Read on",
]
FENCES = {"python": "python", "javascript": "js"}
_LABELS = {f"{title}:": language for language, title in TITLES.items()}
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(\S*)")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of level 1 or 2 and the lines up to the next one."""

    heading: str  # "## Output"; "" before the first heading
    line: int  # of the heading, from 1
    lines: tuple[str, ...]  # the heading's own line first

    @property
    def title(self) -> str:
        """The heading's words."""
        return self.heading.lstrip("#").strip()

    @property
    def text(self) -> str:
        """All its lines."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its place among the lines it was found in, and its text."""

    start: int  # index of the opening line
    end: int  # index after the closing line
    language: str
    body: str  # ends with a newline unless empty


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table under *Line by line*, cells as they stand."""

    line: int  # index among the lines of its section
    cells: tuple[str, ...]


def sections(text: str) -> list[Section]:
    """The sections of a page; joined by newlines they are the page."""
    lines = text.split("\n")
    fenced = {i for f in fences(lines) for i in range(f.start, f.end)}
    starts = [
        i for i, line in enumerate(lines) if re.match(r"##? ", line) and i not in fenced
    ]
    if not starts or starts[0] > 0:
        starts.insert(0, 0)
    return [
        Section(lines[a] if lines[a].startswith("#") else "", a + 1, tuple(lines[a:b]))
        for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]


def find(page: Sequence[Section], title: str) -> Section | None:
    """The section under `## title`."""
    return next((s for s in page if s.heading == f"## {title}"), None)


def fences(lines: Sequence[str]) -> list[Fence]:
    """The fenced blocks; one that is never closed reaches to the end."""
    found = []
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            at += 1
            continue
        start, mark = at, opening[1]
        at += 1
        while at < len(lines) and not _closes(lines[at], mark):
            at += 1
        body = "".join(f"{line}\n" for line in lines[start + 1 : at])
        at = min(at + 1, len(lines))
        found.append(Fence(start, at, opening[2], body))
    return found


def _closes(line: str, mark: str) -> bool:
    line = line.strip()
    return len(line) >= len(mark) and set(line) == {mark[0]}


def fence(language: str, body: str) -> list[str]:
    """The lines of a fenced block that holds `body`, whatever is in it."""
    mark = "```"
    while mark in body:
        mark += "`"
    return [mark + language, *body.removesuffix("\n").split("\n"), mark]


def paragraphs(lines: Sequence[str]) -> list[str]:
    """The paragraphs among the lines, each on one line; no fence, no heading."""
    fenced = {i for f in fences(lines) for i in range(f.start, f.end)}
    rest = [
        "" if i in fenced or line.startswith("#") else line
        for i, line in enumerate(lines)
    ]
    blocks = re.split(r"\n\s*\n", "\n".join(rest).strip())
    return [" ".join(block.split()) for block in blocks if block.strip()]


def programs_on(intro: Section) -> dict[str, Fence]:
    """The first `python` and the first `js` fence of a page's beginning."""
    found: dict[str, Fence] = {}
    names = {name: language for language, name in FENCES.items()}
    for block in fences(intro.lines):
        if language := names.get(block.language):
            found.setdefault(language, block)
    return found


def with_programs(intro: Section, programs: dict[str, str]) -> list[str]:
    """The section with the programs in it, one fence directly after the other."""
    block = [
        *fence("python", programs["python"]),
        "",
        *fence("js", programs["javascript"]),
    ]
    spans = [(f.start, f.end) for f in programs_on(intro).values()]
    return _spliced(intro.lines, spans, block)


def printed(page: Sequence[Section]) -> dict[str, str]:
    """What the page says that each language prints; empty where it does not."""
    output = find(page, "Output")
    if output is None:
        return {}
    shown: dict[str, str] = {}
    for block in fences(output.lines):
        if block.language == "text":
            _, label = _label(output.lines, block)
            for language in [label] if label else TITLES:
                shown.setdefault(language, block.body)
    return shown


def with_output(output: Section, prints: dict[str, str]) -> list[str]:
    """The section with what the programs print: one fence, or one for each."""
    if len(set(prints.values())) == 1:
        block = fence("text", prints["python"])
    else:
        block = []
        for language, title in TITLES.items():
            block += [f"{title}:", "", *fence("text", prints[language]), ""]
        block.pop()
    return _spliced(output.lines, _text_spans(output.lines), block)


def with_text(section: Section, drawing: Sequence[str]) -> list[str]:
    """The section with `drawing` as its only text fence."""
    block = ["```text", *drawing, "```"]
    return _spliced(section.lines, _text_spans(section.lines), block)


def _text_spans(lines: Sequence[str]) -> list[tuple[int, int]]:
    return [
        (_label(lines, block)[0], block.end)
        for block in fences(lines)
        if block.language in ("text", "")
    ]


def _label(lines: Sequence[str], block: Fence) -> tuple[int, str]:
    """Where a fence begins with its label (`Python:`), and whose label it is."""
    at = block.start - 1
    while at > 0 and not lines[at].strip():
        at -= 1
    if (language := _LABELS.get(lines[at].strip())) and at > 0:
        return at, language
    return block.start, ""


def _spliced(
    lines: Sequence[str], spans: list[tuple[int, int]], block: list[str]
) -> list[str]:
    """The lines with `block` in the place of the first span (else at the end).

    The other spans go; what the author wrote between them stays, after it.
    """
    spans = sorted(spans) or [(len(lines), len(lines))]
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(lines)]
    chunks = [
        "\n".join(lines[a:b]).strip("\n") for a, b in zip(ends, starts, strict=True)
    ]
    chunks.insert(1, "\n".join(block))
    return [*"\n\n".join(chunk for chunk in chunks if chunk).split("\n"), ""]


def rows(section: Section) -> tuple[Row | None, list[Row]]:
    """The table of a section: its header and its rows."""
    table = [
        Row(i, cells(line))
        for i, line in enumerate(section.lines)
        if line.startswith("|")
    ]
    if len(table) < 2:
        return None, []
    return table[0], table[2:]


def cells(line: str) -> tuple[str, ...]:
    """The cells of one line of a table."""
    found = re.split(r"(?<!\\)\|", line.strip().removeprefix("|"))
    if not found[-1].strip():
        found.pop()
    return tuple(cell.strip() for cell in found)


def code_spans(cell: str) -> list[str]:
    """The code in a cell, without its backticks, `\\|` as the pipe it means."""
    found = re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", cell)
    return [span.strip().replace("\\|", "|") for _, span in found]

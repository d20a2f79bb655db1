"""What must hold of pages: headings, fences, the table, claims, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import indexes, page
from tools.catalogue import Pair
from tools.derive import TEST_LINK
from tools.facts import INDEXES, Facts, next_links, reading_order, target
from tools.finding import WRITE, Finding, diff, nearest
from tools.page import HEADINGS, Section
from tools.source import LANGUAGES, TITLES, Named, test_key

OFFICIAL = {
    "Python": (
        "docs.python.org",
        "python-httpx.org",
        "anyio.readthedocs.io",
        "docs.aiohttp.org",
        "magicstack.github.io/asyncpg",
        "websockets.readthedocs.io",
        "stamina.hynek.me",
        "aiolimiter.readthedocs.io",
        "docs.bullmq.io",
    ),
    "JavaScript": ("developer.mozilla.org", "nodejs.org"),
}


def check_headings(pair: Pair, sections: list[Section]) -> Iterator[Finding]:
    """A title, one paragraph, then the fixed headings in their order."""
    intro = sections[0]
    if not re.match(r"# \S", intro.heading):
        yield Finding(pair.page, 1, "there is no title", "begin with: # Title")
    count = len(page.paragraphs(intro.lines))
    if count != 1:
        yield Finding(
            pair.page,
            intro.line,
            f"{count} paragraphs stand between the title and the programs",
            "write one: what this is and when it is needed",
        )
    actual = [section.heading for section in sections[1:]]
    wanted = [f"## {title}" for title in HEADINGS]
    if actual == wanted:
        return
    at = next(
        (i for i, (a, b) in enumerate(zip(actual, wanted, strict=False)) if a != b),
        min(len(actual), len(wanted)),
    )
    if at < len(actual):
        line, stands = sections[at + 1].line, f"`{actual[at]}` stands"
        must = f"where `{wanted[at]}` must" if at < len(wanted) else "after the last"
        message = f"the heading {stands} {must}"
    else:
        line, message = 0, f"the heading `{wanted[at]}` is missing"
    yield Finding(
        pair.page,
        line,
        message,
        f"use these headings, in this order: {', '.join(HEADINGS)}",
        diff("\n".join(actual), "\n".join(wanted), "the page", "true"),
    )


def check_fences(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """Every fence on every page is a program that runs, or plain text."""
    of_pairs = {pair.page: pair for pair in facts.pairs}
    for path, text in facts.texts.items():
        pair = of_pairs.get(path)
        if path.suffix != ".md" or path == facts.root / "README.md":
            continue
        if pair and pair not in chosen:
            continue
        # What is kept equal to a program is as good as run.
        rest = indexes.SHOWN.sub(lambda found: "\n" * found[0].count("\n"), text)
        for i, section in enumerate(page.sections(rest)):
            run = page.programs_on(section).values() if pair and i == 0 else ()
            for block in page.fences(section.lines):
                if block.language != "text" and block not in run:
                    called = f"`{block.language}`" if block.language else "without name"
                    yield Finding(
                        path,
                        section.line + block.start,
                        f"a fence {called} is neither run nor declared plain text",
                        "mark it ```text; only a pair's two programs stand in others",
                    )


def check_line_by_line(
    facts: Facts, pair: Pair, sections: list[Section]
) -> Iterator[Finding]:
    """A table whose code stands word for word in the programs."""
    section = page.find(sections, "Line by line")
    if section is None:
        return
    header, rows = page.rows(section)
    if header is None or header.cells != ("", "Python", "JavaScript"):
        yield Finding(
            pair.page,
            section.line,
            "the table does not begin with | | Python | JavaScript |",
            "begin it so, then a row for each step",
        )
        return
    if len(rows) < 2:
        yield Finding(
            pair.page,
            section.line,
            f"{len(rows)} rows, at least 2 are needed",
            "add a row for each step that both programs take",
        )
    for row in rows:
        line = section.line + row.line
        if len(row.cells) != 3:
            yield Finding(
                pair.page,
                line,
                f"{len(row.cells)} cells in a row of 3",
                "write a pipe that is part of code as \\|",
            )
            continue
        for language, cell in zip(LANGUAGES, row.cells[1:], strict=True):
            program = pair.program(language)
            text = facts.texts.get(program)
            for code in page.code_spans(cell) if text else []:
                if text and not stands_in(code, text):
                    lines = [" ".join(part.split()) for part in text.splitlines()]
                    hint = nearest(code, lines, n=1)
                    yield Finding(
                        pair.page,
                        line,
                        f"`{code}` does not stand in {facts.name(program)}",
                        "copy it from there, word for word"
                        + (f" ({hint})" if hint else ""),
                    )


def stands_in(code: str, program: str) -> bool:
    """Whether code stands in a program word for word.

    How it is broken into lines does not count: any run of whitespace is like
    one space, and a broken line may close up at brackets and dots.
    """
    closed = re.sub(
        r"(?<=[(\[{])\s*\n\s*|,?\s*\n\s*(?=[)\]}])|\n\s*(?=\.)", "", program
    )
    words = " ".join(code.split())
    return any(words in " ".join(text.split()) for text in (program, closed))


def check_claims(
    facts: Facts, pair: Pair, sections: list[Section]
) -> Iterator[Finding]:
    """Every claim ends with links to the tests that prove it."""
    section = page.find(sections, "What differs")
    if section is None:
        return
    starts = [i for i, line in enumerate(section.lines) if line.startswith("### ")]
    if not starts:
        yield Finding(
            pair.page,
            section.line,
            "there is no claim",
            "write ### and a short claim, what it means, and the tests that prove it",
        )
        return
    for a, b in zip(starts, [*starts[1:], len(section.lines)], strict=True):
        line = section.line + a
        claim = section.lines[a].removeprefix("### ")
        last = page.paragraphs(section.lines[a:b])[-1:]
        yield from _proof(facts, pair, line, claim, last[0] if last else "")


def _proof(
    facts: Facts, pair: Pair, line: int, claim: str, paragraph: str
) -> Iterator[Finding]:
    """The tests that a claim's last paragraph links to, in each language."""
    linked: dict[str, dict[str, Named]] = {language: {} for language in LANGUAGES}
    unknown = False
    for link in TEST_LINK.finditer(paragraph):
        path = target(pair.page, link[2])
        for language in LANGUAGES:
            if path != pair.test(language):
                continue
            some = facts.tests(path, language)
            if test := some.get(link[1]):
                linked[language][test_key(test.name)] = test
            else:
                unknown = True
                hint = nearest(link[1], list(some)) or "write the test"
                yield Finding(
                    pair.page,
                    line,
                    f"“{claim}” is proven by `{link[1]}`, "
                    f"which is not in {facts.name(path)}",
                    f"name a test that exists; {hint}",
                )
    if unknown:
        return
    if not any(linked.values()):
        example = " and ".join(
            f"[`{next(iter(facts.tests(pair.test(language), language)), 'test')}`]"
            f"({_link(facts, pair.test(language))})"
            for language in LANGUAGES
        )
        yield Finding(
            pair.page,
            line,
            f"“{claim}” does not end with a link to the test that proves it",
            f"end it with a paragraph that links to both: {example}",
        )
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        for key, test in linked[language].items():
            alone = test.only is not None or pair.in_browser
            if not alone and key not in linked[other]:
                yield Finding(
                    pair.page,
                    line,
                    f"“{claim}” links to `{test.name}` in {TITLES[language]}, "
                    f"but not to its like in {TITLES[other]}",
                    f"link to the test in {_link(facts, pair.test(other))} too",
                )


def _link(facts: Facts, path: Path) -> str:
    return f"../../{facts.name(path)}"


def check_read_on(
    facts: Facts, pair: Pair, sections: list[Section]
) -> Iterator[Finding]:
    """Official documentation for both, and at most one true `Next`."""
    section = page.find(sections, "Read on")
    if section is None:
        return
    links = re.findall(r"\]\(https://(?:www\.)?([^)\s]+)", section.text)
    for title, sites in OFFICIAL.items():
        if not any(link.startswith(sites) for link in links):
            yield Finding(
                pair.page,
                section.line,
                f"there is no link to the official documentation of {title}",
                f"add one, to {' or '.join(sites[:2])}",
            )
    nexts = next_links(facts, pair)
    for line, _, _ in nexts[1:]:
        yield Finding(pair.page, line, "a second `Next`", "keep one")
    pages = {p.page: p for p in facts.pairs if p.page in facts.texts}
    for line, title, path in nexts[:1]:
        if path not in pages:
            names = {p.name: p for p in pages.values()}
            hint = nearest(f"{path.parent.name}/{path.stem}", list(names))
            yield Finding(
                pair.page,
                line,
                "`Next` does not lead to the page of a pair",
                f"link to a page under docs/; {hint}".removesuffix("; "),
            )
        elif title != facts.title(pages[path]):
            yield Finding(
                pair.page,
                line,
                f"`Next` is called “{title}”, its page “{facts.title(pages[path])}”",
                "use the title of the page",
            )


def check_chain(facts: Facts) -> Iterator[Finding]:
    """The pages are read one after the other: no fork, no circle."""
    after = {}
    led_to: dict[Path, Pair] = {}
    pages = {p.page: p for p in facts.pairs if p.page in facts.texts}
    for pair in pages.values():
        for line, _, path in next_links(facts, pair)[:1]:
            if path in led_to:
                yield Finding(
                    pair.page,
                    line,
                    f"`Next` leads where that of {facts.name(led_to[path].page)} leads",
                    "lead to another page: the pages are read one after the other",
                )
            led_to.setdefault(path, pair)
            after[pair.page] = path
    seen: set[Path] = set()
    for start in after:
        walked: list[Path] = []
        at: Path | None = start
        while at and at not in seen:
            seen.add(at)
            walked.append(at)
            at = after.get(at)
        if at in walked:
            circle = [*walked[walked.index(at) :], at]
            yield Finding(
                at,
                0,
                f"`Next` leads in a circle: {' → '.join(p.stem for p in circle)}",
                "take one `Next` away",
            )


def check_markers(facts: Facts) -> Iterator[Finding]:
    """README.md and docs/index.md hold the catalogue; a shown pair exists."""
    names = [pair.name for pair in reading_order(facts)]
    for index in INDEXES:
        path = facts.root / index
        text = facts.texts.get(path)
        marks = "<!-- catalogue --> and <!-- /catalogue -->"
        if text is None or not indexes.CATALOGUE.search(text):
            yield Finding(
                path,
                0,
                "it has no place for the catalogue",
                f"add the lines {marks}, then {WRITE}",
            )
            continue
        for shown in indexes.SHOWN.finditer(text):
            if shown[2] not in names:
                yield Finding(
                    path,
                    text[: shown.start()].count("\n") + 1,
                    f"shows the pair {shown[2]}, which does not exist",
                    f"name one that does; {nearest(shown[2], names)}".removesuffix(
                        "; "
                    ),
                )

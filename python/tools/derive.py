"""What a page derives from its programs, its tests and real runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tools import indexes, lanes, page, versions
from tools.catalogue import Pair
from tools.facts import Facts, target
from tools.finding import WRITE, Finding, diff
from tools.page import Section
from tools.source import LANGUAGES, TITLES

TEST_LINK = re.compile(r"\[`([^`]+)`\]\(([^)#\s]+)(#L\d+)?\)")


@dataclass(frozen=True, slots=True)
class Change:
    """A section that is not as it must be."""

    section: Section
    text: str  # as it must be
    message: str
    advice: str = WRITE


def changes(facts: Facts, pair: Pair) -> list[Change]:
    """The sections of a pair's page that are stale.

    What cannot be derived, since a program is missing or fails, is left out.
    """
    sections = facts.page(pair)
    found = [
        *_programs(facts, pair, sections),
        *_output(facts, pair, sections),
        *_claims(facts, pair, sections),
        *_api_saw(facts, pair, sections),
    ]
    return [change for change in found if change.text != change.section.text]


def written(facts: Facts, pair: Pair) -> str:
    """The text of a pair's page as it must be."""
    new = {change.section: change.text for change in changes(facts, pair)}
    sections = facts.page(pair)
    return "\n".join(new.get(section, section.text) for section in sections)


def texts(facts: Facts, chosen: list[Pair]) -> dict[Path, str]:
    """Every derived file of the chosen pairs, and those collected from all."""
    pages = {p.page: written(facts, p) for p in chosen if p.page in facts.texts}
    now = replace(facts, texts=facts.texts | pages)
    return pages | indexes.derived(now)


def stale(facts: Facts, chosen: list[Pair]) -> Iterator[Finding]:
    """A finding with a diff for everything that is not as it must be.

    What is collected from all pages is looked at only where all are chosen.
    """
    for pair in chosen:
        for change in changes(facts, pair):
            old, new = change.section.text, change.text
            yield Finding(
                pair.page,
                change.section.line,
                change.message,
                change.advice,
                diff(old, new, "the page", "true"),
            )
    if len(chosen) < len(facts.pairs):
        return
    for path, text in indexes.derived(facts).items():
        now = facts.texts.get(path)
        if now != text:
            yield Finding(
                path,
                0,
                "missing" if now is None else "not what the pages say",
                WRITE,
                diff(now or "", text, "the file", "true"),
            )


def _programs(facts: Facts, pair: Pair, sections: list[Section]) -> Iterator[Change]:
    programs = {
        language: facts.texts[pair.program(language)]
        for language in LANGUAGES
        if pair.program(language) in facts.texts
    }
    if not sections or len(programs) < 2:
        return
    shown = page.programs_on(sections[0])
    wrong = [
        f"the {page.FENCES[language]} fence is not {facts.name(pair.program(language))}"
        if language in shown
        else f"there is no {page.FENCES[language]} fence"
        for language, text in programs.items()
        if language not in shown or shown[language].body != text
    ]
    message = "; ".join(wrong) or "the js fence must follow the python fence directly"
    yield Change(
        sections[0], "\n".join(page.with_programs(sections[0], programs)), message
    )


def _prints(facts: Facts, pair: Pair) -> dict[str, str]:
    """What each language printed, if both programs ended well."""
    runs = {
        language: facts.runs[pair, language]
        for language in LANGUAGES
        if (pair, language) in facts.runs
    }
    if len(runs) < 2 or not all(run.fine for run in runs.values()):
        return {}
    return {language: run.stdout for language, run in runs.items()}


def _output(facts: Facts, pair: Pair, sections: list[Section]) -> Iterator[Change]:
    section, prints = page.find(sections, "Output"), _prints(facts, pair)
    if section is None or not prints:
        return
    shown = page.printed(sections)
    wrong = [
        facts.name(pair.program(language))
        for language, text in prints.items()
        if shown.get(language, "").removesuffix("\n") != text.removesuffix("\n")
    ]
    if not shown:
        message, advice = "the output is not there yet", WRITE
    elif wrong:
        verb = "prints" if len(wrong) == 1 else "print"
        message = f"{' and '.join(wrong)} {verb} something else than the page says"
        advice = f"mend the program; or, where the new output is right, {WRITE}"
    else:
        message, advice = "one text fence where both print the same", WRITE
    text = "\n".join(page.with_output(section, prints))
    yield Change(section, text, message, advice)


def _api_saw(facts: Facts, pair: Pair, sections: list[Section]) -> Iterator[Change]:
    section = page.find(sections, "What the API saw")
    if section is None or not _prints(facts, pair):
        return
    drawing = lanes.draw(
        {TITLES[language]: facts.runs[pair, language].log for language in LANGUAGES}
    )
    yield Change(
        section,
        "\n".join(page.with_text(section, drawing)),
        "the drawing is not what the API saw",
        f"mend the program; or, where the new drawing is right, {WRITE}",
    )


def _claims(facts: Facts, pair: Pair, sections: list[Section]) -> Iterator[Change]:
    section = page.find(sections, "What differs")
    if section is None:
        return

    def with_line(link: re.Match[str]) -> str:
        test = test_of(facts, pair.page, link)
        return f"[`{link[1]}`]({link[2]}#L{test})" if test else link[0]

    linked = TEST_LINK.sub(with_line, section.text)
    text = versions.filled(linked, facts.versions)
    if text == linked:
        message, advice = "a link does not point to the line of its test", WRITE
    else:
        message = "the table does not say what this version does"
        advice = f"mend the page; or, where the new answer is right, {WRITE}"
    yield Change(section, text, message, advice)


def test_of(facts: Facts, path: Path, link: re.Match[str]) -> int | None:
    """The line of the test that a link on a page names, if there is one."""
    file = target(path, link[2])
    language = "python" if file.suffix == ".py" else "javascript"
    test = facts.tests(file, language).get(" ".join(link[1].split()))
    return test.line if test else None

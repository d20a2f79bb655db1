"""The addresses that were ever published, to which the check holds us.

docs/addresses.txt lists every page and every address on a page that was on main.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence

from tools.catalogue import MOVED, Pair
from tools.facts import Facts, target
from tools.finding import WRITE, Finding, nearest
from tools.page import every, href, line, parse

ADDRESSES = "docs/addresses.txt"


def listed(facts: Facts) -> list[str]:
    """The addresses in the list."""
    return facts.text(ADDRESSES).split()


def written(facts: Facts) -> str:
    """The list as it must be: what main has, and what the pages have now.

    What a branch only tried out is not kept, for nobody can link there yet.
    """
    command = ["git", "show", f"main:{ADDRESSES}"]
    try:
        shown = subprocess.run(
            command, cwd=facts.root, capture_output=True, encoding="utf-8", check=True
        )
        published = shown.stdout.split()
    except (OSError, subprocess.CalledProcessError):
        published = listed(facts)  # no git, or no such branch
    return "".join(f"{address}\n" for address in sorted({*published, *_now(facts)}))


def check(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """Every address in the list leads somewhere, and none is missing there."""
    path = facts.root / ADDRESSES
    everything = len(chosen) == len(facts.pairs)
    pages = {facts.name(pair.page) for pair in chosen}
    now, before = _now(facts), listed(facts)
    for at, address in enumerate(before, 1):
        page, _, anchor = address.partition("#")
        if address in now or not (everything or page in pages):
            continue
        if not anchor:
            message = "the page was published, and is gone"
            advice = f"leave a page at {page}: “{MOVED}…](…).”"
            yield Finding(path, at, f"{address}: {message}", advice)
        elif page in now:
            near = nearest(anchor, parse(facts.text(page)).anchors)
            advice = (
                f'put <a id="{anchor}"></a> above the heading in {page} that replaces '
                f"it{near and ', '}{near}; if it was never on main, take the line "
                "out of the list"
            )
            message = f"{address} was published, and leads nowhere now"
            yield Finding(path, at, message, advice)
    if everything and (new := sorted(now.difference(before))):
        message = f"addresses that are not in the list: {', '.join(new[:3])}"
        yield Finding(path, 0, message, WRITE)


def check_links(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """Every link from a page to a page of ours leads somewhere."""
    everything = len(chosen) == len(facts.pairs)
    of_chosen = {pair.page for pair in chosen}
    for path, text in facts.texts.items():
        if path.suffix != ".md" or not (everything or path in of_chosen):
            continue
        for link in (x for block in parse(text).blocks for x in every(block, "link")):
            to, anchor = target(path, href(link)), href(link).partition("#")[2]
            if ":" in href(link) or to.suffix != ".md":
                continue
            known = parse(facts.text(to)).anchors
            if to not in facts.texts:
                hint = nearest(to.name, [p.name for p in facts.texts], 1)
                message = f"the link {href(link)} leads to no page"
            elif anchor and anchor not in known:
                hint = nearest(anchor, known)
                message = f"the link {href(link)} leads to no heading"
            else:
                continue
            yield Finding(path, line(link), message, f"mend it; {hint}")


def _now(facts: Facts) -> set[str]:
    """The addresses of all pages as they are."""
    pages = {facts.name(path): text for path, text in facts.texts.items()}
    pages = {
        name: pages[name] for name in pages if name.endswith(".md") and "/" in name
    }
    anchors = {
        f"{n}#{anchor}" for n, text in pages.items() for anchor in parse(text).anchors
    }
    return {*pages, *anchors}

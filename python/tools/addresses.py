"""The addresses that were ever published, to which the check holds us.

docs/addresses.txt lists every page and every address on a page that was on main.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.catalogue import MOVED, Pair
from tools.facts import Facts, target
from tools.finding import WRITE, Finding, nearest
from tools.page import parse

ADDRESSES = "docs/addresses.txt"


def listed(facts: Facts) -> set[str]:
    """The addresses in the list."""
    return set(facts.text(ADDRESSES).split())


def written(facts: Facts) -> str:
    """The list as it must be: what main has, and what the pages have now.

    What a branch only tried out is not kept, for nobody can link there yet.
    """
    published = _on_main(facts.root)
    before = listed(facts) if published is None else set(published.split())
    return "".join(f"{address}\n" for address in sorted(before | _now(facts)))


def check(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """Every address in the list leads somewhere, and none is missing there."""
    path = facts.root / ADDRESSES
    everything = len(chosen) == len(facts.pairs)
    pages = {facts.name(pair.page) for pair in chosen}
    now, before = _now(facts), listed(facts)
    lines = {line: n for n, line in enumerate(facts.text(ADDRESSES).split(), 1)}
    for address in sorted(before - now):
        page, _, anchor = address.partition("#")
        if not everything and page not in pages:
            continue
        if not anchor or page not in now:
            if anchor:
                continue  # said once, for the page
            message = "the page was published, and is gone"
            advice = f"leave a page at {page}: “{MOVED}…](…).”"
            yield Finding(path, lines[address], message, advice)
            continue
        here = [other.partition("#")[2] for other in now if other.startswith(page)]
        yield Finding(
            path,
            lines[address],
            f"{address} was published, and leads nowhere now",
            f'put <a id="{anchor}"></a> above the heading that replaces it in {page}'
            f"; {nearest(anchor, filter(None, here), cutoff=0)}"
            "; if it was never on main, take the line out of the list",
        )
    if everything and (new := sorted(now - before)):
        message = f"addresses that are not in the list: {', '.join(new[:3])}"
        yield Finding(path, 0, message, WRITE)


def check_links(facts: Facts, chosen: Sequence[Pair]) -> Iterator[Finding]:
    """Every link from a page to a page of ours leads somewhere."""
    everything = len(chosen) == len(facts.pairs)
    of_chosen = {pair.page for pair in chosen}
    for path, text in facts.texts.items():
        if path.suffix != ".md" or not (everything or path in of_chosen):
            continue
        for link in (link for block in parse(text).blocks for link in block.links):
            if ":" in link.href:
                continue
            to, anchor = target(path, link.href), link.href.partition("#")[2]
            known = parse(facts.texts[to]).anchors if to in facts.texts else {}
            if to.suffix == ".md" and to not in facts.texts:
                near = nearest(to.name, [p.name for p in facts.texts], n=1)
                message = f"the link {link.href} leads to no page"
            elif to.suffix == ".md" and anchor and anchor not in known:
                near = nearest(anchor, known, cutoff=0)
                message = f"the link {link.href} leads to no heading"
            else:
                continue
            yield Finding(path, link.line + 1, message, f"mend it; {near}")


def _now(facts: Facts) -> set[str]:
    """The addresses of all pages as they are."""
    found = set()
    for path, text in facts.texts.items():
        if path.suffix == ".md" and path.is_relative_to(facts.root / "docs"):
            name = facts.name(path)
            found |= {name, *(f"{name}#{anchor}" for anchor in parse(text).anchors)}
    return found


def _on_main(root: Path) -> str | None:
    """The list on the branch main; None where git does not tell."""
    try:
        shown = subprocess.run(
            ["git", "show", f"main:{ADDRESSES}"],
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    except OSError:
        return None
    return shown.stdout if shown.returncode == 0 else None

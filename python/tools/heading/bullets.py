"""The three bullets: what is the same, what differs, what to take care of."""

from __future__ import annotations

from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import Finding, nearest
from tools.heading.what_differs import claims
from tools.page import BULLETS as NAME
from tools.page import Page, parts

__all__ = ["NAME", "STALE", "check", "text"]
STALE = "a word of the glossary is not linked where it first stands"
LEADS = ("Same:", "Different:", "Take care:")


def text(facts: Facts, pair: Pair, page: Page) -> str | None:
    """As its author wrote them."""
    return page.source(parts(page).get(NAME, []))


def check(facts: Facts, pair: Pair, page: Page) -> Iterator[Finding]:
    """Three bullets, each with a link to the claim that proves it."""
    items = [item for block in parts(page).get(NAME, []) for item in block.items]
    leads = [
        next((lead for lead in LEADS if item.text.startswith(lead)), "")
        for item in items
    ]
    if leads != list(LEADS):
        wanted = ", ".join(f"- **{lead}** …" for lead in LEADS)
        yield Finding(
            pair.page,
            items[0].start + 1 if items else 1,
            "the three bullets are not there in their order",
            f"write below the first paragraph: {wanted}",
        )
        return
    known = {anchor for claim in claims(page) for anchor in claim.anchors}
    for lead, item in zip(LEADS, items, strict=True):
        links = [link for link in item.links if link.href.startswith("#")]
        for link in links:
            if link.href[1:] not in known:
                yield Finding(
                    pair.page,
                    link.line + 1,
                    f"{link.href} is no claim of this page",
                    f"link to one; {nearest(link.href[1:], known, cutoff=0)}",
                )
        if not links:
            advice = nearest(item.text, known, n=1, cutoff=0) or "#the-claim"
            yield Finding(
                pair.page,
                item.start + 1,
                f"“{lead}” does not link to the claim that proves it",
                f"make some of its words a link: [words](#claim); {advice}",
            )

"""The three bullets: what is the same, what differs, what to take care of."""

from __future__ import annotations

from collections.abc import Iterator

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import nearest
from tools.heading.part import Part, Said
from tools.heading.what_differs import claims
from tools.page import BULLETS, every, href, line, words

_LEADS = ["Same:", "Different:", "Take care:"]


class Bullets(Part):
    """Three sentences, each with a link to the claim that proves it."""

    name = BULLETS

    def check(self, facts: Facts, pair: Pair) -> Iterator[Said]:
        """Three bullets in their order, each with a link to a claim."""
        page = facts.page(pair)
        items = [i for b in page.parts.get(BULLETS, []) for i in every(b, "list_item")]
        leads = [words(item).partition(":")[0] + ":" for item in items]
        if leads != _LEADS:
            wanted = ", ".join(f"- **{lead}** …" for lead in _LEADS)
            message = "the three bullets are not there in their order"
            advice = f"write below the first paragraph: {wanted}"
            yield line(items[0]) if items else 1, message, advice
            return
        known = {name for claim in claims(page) for name in claim.anchors}
        for lead, item in zip(_LEADS, items, strict=True):
            links = [link for link in every(item, "link") if href(link)[0] == "#"]
            for link in links:
                if (name := href(link)[1:]) not in known:
                    advice = f"link to one; {nearest(name, known)}"
                    yield line(link), f"#{name} is no claim of this page", advice
            if not links:
                message = f"“{lead}” does not link to the claim that proves it"
                advice = "make some of its words a link: [words](#claim)"
                yield line(item), message, f"{advice}; {nearest(words(item), known, 1)}"

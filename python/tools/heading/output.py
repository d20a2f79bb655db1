"""Output: what the programs print."""

from __future__ import annotations

from tools.catalogue import Pair
from tools.facts import Facts
from tools.finding import WRITE
from tools.heading.part import Part
from tools.page import Page, fence, words
from tools.source import LANGUAGES, TITLES

_LABELS = {f"{title}:": language for language, title in TITLES.items()}


class Output(Part):
    """From a real run; what an author adds stands after it."""

    name = "Output"
    stale = "the programs print something else than the page says"
    advice = f"mend the program; or, where the new output is right, {WRITE}"

    def text(self, facts: Facts, pair: Pair) -> str | None:
        """One fence where both print the same, else one for each."""
        page = facts.page(pair)
        ran = {x: run.stdout for x, run in facts.ran(pair).items()}
        if not ran:
            return None
        said = shown(page)
        fences = {
            x: fence("text", said[x] if agrees(page, said.get(x), text) else text)
            for x, text in ran.items()
        }
        texts = [f"{label}\n\n{fences[x]}" for label, x in _LABELS.items()]
        if fences["python"] == fences["javascript"]:
            texts = [fences["python"]]
        rest = page.parts.get(self.name, [])[1:]
        rest = [b for b in rest if b.type != "fence" and words(b) not in _LABELS]
        return "\n\n".join(
            [f"## {self.name}", *texts, *(page.source([b]) for b in rest)]
        )


def agrees(page: Page, said: str | None, output: str) -> bool:
    """Whether a program printed what its page says.

    Where the page says that the values are measured, a line counts up to its colon.
    """
    if said is None:
        return False
    texts = [text.splitlines() for text in (said, output)]
    blocks = page.parts.get(Output.name, [])
    if any(words(block).startswith("Measured:") for block in blocks):
        texts = [[line.rpartition(":")[0] for line in lines] for lines in texts]
    return texts[0] == texts[1]


def shown(page: Page) -> dict[str, str]:
    """What the page says that each language prints; empty where it does not."""
    found: dict[str, str] = {}
    label = ""
    for block in page.parts.get(Output.name, []):
        if block.type == "fence":
            found |= dict.fromkeys([label] if label else LANGUAGES, block.content)
        label = _LABELS.get(words(block), "")
    return found

"""Draw the card that a link to a page shows elsewhere: its title and its lanes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

SIZE = WIDTH, HEIGHT = 1200, 630  # pixels, as the Open Graph sites show it
EDGE = 72
BACK, TEXT, MUTED, FAILED = "#14181f", "#f5f7fa", "#a3adba", "#ff7b72"
COLOURS = {"Python": "#58a6ff", "JavaScript": "#f2cc4d"}
_LANE = re.compile(r"^(\w*) +(\S.*?\S) {2,}(●━+)(.*)$")


class Lane(NamedTuple):
    """A request of "What the API saw"; `start` and `end` are columns of its text."""

    languages: tuple[str, ...]
    label: str
    start: int
    end: int
    ending: str  # "● 200", "✕ client hung up"


def lanes(drawing: str) -> list[Lane]:
    """The lanes of a drawing that tools/lanes.py has made."""
    found = []
    languages: tuple[str, ...] = ()
    for line in drawing.splitlines():
        name = line.split(" ", 1)[0]
        if name:
            languages = tuple(COLOURS) if name == "both" else (name,)
        if lane := _LANE.match(line):
            found.append(Lane(languages, lane[2], *lane.span(3), lane[4]))
    return found


def draw(path: Path, title: str, about: str, requests: Sequence[Lane]) -> None:
    """Write the card as a PNG file; without lanes it shows what the page is about."""
    image = Image.new("RGB", SIZE, BACK)
    pen = ImageDraw.Draw(image)
    pen.text((EDGE, 48), "Async, side by side", MUTED, _font(30))
    at = WIDTH - EDGE
    for language, colour in reversed(COLOURS.items()):
        pen.text((at, 48), language, colour, _font(30), anchor="ra")
        at -= round(pen.textlength(language, _font(30))) + 32
    bottom = _text(pen, title, EDGE + 40, 68, TEXT, lines=2)
    if requests:
        _lanes(pen, requests, bottom + 36)
    else:
        _text(pen, about, bottom + 28, 40, MUTED, lines=6)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(64).save(path, optimize=True)


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that Pillow has within it, so that every machine draws the same."""
    return ImageFont.load_default(size)


def _text(
    pen: ImageDraw.ImageDraw, text: str, top: int, size: int, colour: str, lines: int
) -> int:
    """Write a text in as many lines as it needs; returns where it ends."""
    font = _font(size)
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if pen.textlength(longer, font) <= WIDTH - 2 * EDGE:
            rows[-1] = longer
        else:
            rows.append(word)
    if len(rows) > lines:
        rows = [*rows[: lines - 1], f"{rows[lines - 1]} …"]
    for row in rows:
        pen.text((EDGE, top), row, colour, font)
        top += round(size * 1.2)
    return top


def _lanes(pen: ImageDraw.ImageDraw, requests: Sequence[Lane], top: int) -> None:
    """Draw each request from its start to its end, in the colours of its languages."""
    step = min(64, (HEIGHT - 48 - top) / len(requests))
    font = _font(min(28, step * 0.62))
    label = max(pen.textlength(lane.label, font) for lane in requests) + 28
    ending = max(pen.textlength(_words(lane), font) for lane in requests) + 28
    first = min(lane.start for lane in requests)
    last = max(lane.end for lane in requests)
    scale = (WIDTH - 2 * EDGE - label - ending) / (last - first)
    for row, lane in enumerate(requests):
        middle = top + step * (row + 0.5)
        pen.text((EDGE, middle), lane.label, TEXT, font, anchor="lm")
        left = EDGE + label + (lane.start - first) * scale
        right = EDGE + label + (lane.end - first) * scale
        height = min(20, step * 0.5)
        part = height / len(lane.languages)
        for i, language in enumerate(lane.languages):
            above = middle - height / 2 + i * part
            box = (left, above, right, above + part - 1)
            pen.rectangle(box, COLOURS[language])
        colour = FAILED if "✕" in lane.ending else MUTED
        pen.text((right + 16, middle), _words(lane), colour, font, anchor="lm")


def _words(lane: Lane) -> str:
    """How it ended, without the marks, which the font does not have."""
    return lane.ending.strip("●✕… ")

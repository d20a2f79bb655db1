import re

from PIL import Image, ImageColor

from live.card import COLOURS, SIZE, draw, lanes

DRAWING = """\
Python      GET /a     ●━━━━━━━● 200
            GET /b c…      ●━━━✕ client hung up
JavaScript  No requests.
"""


def test_lanes_are_read_from_their_drawing():
    first, second = lanes(DRAWING)
    assert first == (("Python",), "GET /a", 23, 31, "● 200")
    assert second == (("Python",), "GET /b c…", 27, 31, "✕ client hung up")
    (both,) = lanes("both  GET /a  ●━━━● 200\n")
    assert both.languages == ("Python", "JavaScript")


def test_a_card_shows_the_lanes_in_the_colours_of_their_languages(tmp_path):
    path = tmp_path / "cards" / "a.png"
    (lane,) = lanes("both  GET /a  ●━━━● 200\n")
    # The names of the languages have these colours, too, but above.
    draw(path, "Title", "About.", [lane])
    with Image.open(path) as card:
        assert card.size == SIZE
        image = card.convert("RGB").crop((0, 200, *SIZE))
    found = [colour for _, colour in image.getcolors(SIZE[0] * SIZE[1]) or []]
    near = [ImageColor.getrgb(colour) for colour in COLOURS.values()]
    assert all(any(_near(a, b) for a in found) for b in near)


def test_a_card_without_lanes_shows_the_sentence(tmp_path):
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    draw(one, "Title", "About this.", [])
    draw(other, "Title", "About that.", [])
    assert one.read_bytes() != other.read_bytes()


def test_the_same_card_is_the_same_file(tmp_path):
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    for path in (one, other):
        draw(path, "A title " * 9, "About.", lanes(DRAWING) * 9)
    assert one.read_bytes() == other.read_bytes()


def test_every_page_names_its_card(site):
    pages = [*(site / "combining").glob("*.html"), site / "index.html"]
    for path in pages:
        head = path.read_text("utf-8")
        (image,) = re.findall(r'"og:image" content="([^"]+)"', head)
        (title,) = re.findall(r'"og:title" content="([^"]+)"', head)
        (about,) = re.findall(r'"og:description" content="([^"]+)"', head)
        assert title
        assert about.endswith((".", "?"))
        with Image.open(path.parent / image) as card:
            assert card.size == SIZE


def _near(one, other):
    """Whether two colours are the same but for the palette of the file."""
    return all(abs(a - b) < 16 for a, b in zip(one, other, strict=True))

from xml.etree import ElementTree

import pytest

from tools.plot import COMPUTATIONS, WAITS, WORKERS, draw, quickest, took

SVG = "{http://www.w3.org/2000/svg}"
TOGETHER = [[5.0, 5.1], [5.0, 5.1], [5.0, 5.1]]
IN_TURN = [[7.0, 7.1], [7.1, 7.2], [7.2, 7.3]]


@pytest.fixture
def picture():
    measured = {
        "Python": {WAITS: TOGETHER, COMPUTATIONS: IN_TURN, WORKERS: TOGETHER},
        "JavaScript": {WAITS: TOGETHER, COMPUTATIONS: IN_TURN, WORKERS: TOGETHER},
    }
    return ElementTree.fromstring(draw(measured, cores=4))


def bars(picture, kind):
    return [
        (float(bar.get("x")), float(bar.get("y")), float(bar.get("width")))
        for bar in picture.iter(f"{SVG}rect")
        if bar.get("class") == kind
    ]


def test_what_is_at_once_stands_below_each_other(picture):
    python, javascript = bars(picture, "wait")[:3], bars(picture, "wait")[3:]
    assert len({x for x, _, _ in python}) == 1
    assert len({y for _, y, _ in python}) == 3
    assert [y for _, y, _ in python] == [y for _, y, _ in javascript]


def test_what_is_in_turn_goes_on_where_the_one_before_ended(picture):
    (a, _, wide), (b, _, _), (c, _, _) = bars(picture, "compute")[:3]
    assert (b - a, c - b) == (pytest.approx(wide, abs=0.2),) * 2


def test_no_bar_leaves_its_lane(picture):
    lanes = {y: (x, x + wide) for x, y, wide in bars(picture, "lane") if x < 100}
    for x, y, wide in bars(picture, "compute"):
        if x < 428:
            begin, end = lanes[y]
            assert begin <= x
            assert x + wide <= end + 0.2


def test_it_says_how_long_it_took_and_where(picture):
    said = [text.text for text in picture.iter(f"{SVG}text")]
    assert said.count("three in the time of 1.0") == 4
    assert said.count("three in the time of 3.0") == 2
    assert "4 cores" in said[-1]


def test_the_quickest_run_counts():
    slow = [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    assert took(IN_TURN) == pytest.approx(0.3)
    runs = [{WAITS: slow, WORKERS: TOGETHER}, {WAITS: TOGETHER, WORKERS: slow}]
    assert quickest(runs) == {WAITS: TOGETHER, WORKERS: TOGETHER}

"""What a page replays is what happened."""

import json

import pytest

from live.recorded import record
from tools.catalogue import Pair

PYTHON = """
import os, sys, urllib.request
print("before")
url = os.environ["API_URL"] + "/users/1?delay=0"
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url).read()
print("after")
print("a word", file=sys.stderr)
"""


@pytest.fixture
def pair(tmp_path):
    made = Pair("basics", "made-up", tmp_path)
    made.python.parent.mkdir(parents=True)
    return made


def test_lines_requests_and_the_end_are_recorded_in_their_order(pair, tmp_path):
    pair.python.write_text(PYTHON, "utf-8")
    record([pair], tmp_path)
    found = json.loads(tmp_path.joinpath("basics", "made-up.json").read_text("utf-8"))
    assert list(found) == ["python"]
    events = found["python"]
    lines = [event["line"] for event in events if "line" in event]
    assert lines == ["before", "after", "a word"]
    assert events[-1].keys() == {"ms", "exit"}
    assert events[-1]["exit"] == 0
    requests = [event["request"] for event in events if "request" in event]
    assert [r["path"] for r in requests] == ["/users/1"] * 2
    assert [r["ending"] for r in requests] == [None, "completed"]
    times = [event["ms"] for event in events]
    assert times == sorted(times)
    assert times[0] >= 0


def test_a_program_that_fails_is_not_recorded(pair, tmp_path):
    pair.python.write_text("raise SystemExit('no luck')", "utf-8")
    with pytest.raises(RuntimeError, match="basics/made-up in python: no luck"):
        record([pair], tmp_path)
    assert not tmp_path.joinpath("basics").exists()

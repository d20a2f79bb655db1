import pytest

from mock_api.client import LogEntry
from tools.lanes import WIDTH, draw


def entry(method, path, query, status, ending, started, ended):
    return LogEntry(
        0, method, path, query, 1, status, ending, started, ended, started, ended
    )


def log(*events):
    """A log from `GET /a` (starts) and `/a 200`, `/a hung up`, `/a dropped`."""
    open_: dict[str, list[tuple[str, int]]] = {}
    found: list[LogEntry] = []
    for place, event in enumerate(events):
        if event.startswith("/"):
            path, _, how = event.partition(" ")
            method, started = open_[path].pop(0)
            endings = {"hung up": "client hung up", "dropped": "dropped"}
            status = None if how in endings else int(how)
            ending = endings.get(how, "completed")
            found.append(entry(method, path, "", status, ending, started, place))
        else:
            method, path = event.split()
            open_.setdefault(path, []).append((method, place))
    for path, left in open_.items():
        found += [entry(m, path, "", None, None, at, None) for m, at in left]
    return found


def drawn(**logs):
    return draw(logs) + "\n"


def test_requests_in_flight_together_begin_in_one_column():
    python = log("GET /posts", "GET /users/1", "/users/1 200", "/posts 200")
    javascript = log("GET /posts", "/posts 200", "GET /users/1", "/users/1 404")
    assert drawn(Python=python, JavaScript=javascript) == (
        "Python      GET /posts    ●━━━━━━━● 200\n"
        "            GET /users/1  ●━━━● 200\n"
        "JavaScript  GET /posts    ●━━━● 200\n"
        "            GET /users/1          ●━━━● 404\n"
    )


def test_which_of_a_run_of_starts_came_first_does_not_show():
    one = log("GET /b", "POST /a", "GET /a", "/b 200", "/a 201", "/a 200")
    other = log("POST /a", "GET /a", "GET /b", "/b 200", "/a 201", "/a 200")
    assert draw({"Python": one}) == draw({"Python": other})
    assert drawn(Python=one) == (
        "Python  GET /a   ●━━━━━━━━━━━● 200\n"
        "        GET /b   ●━━━● 200\n"
        "        POST /a  ●━━━━━━━● 201\n"
    )


def test_those_that_hang_up_together_end_in_one_column():
    one = log("GET /a", "GET /b", "GET /c", "/b 200", "/a hung up", "/c hung up")
    other = log("GET /a", "GET /b", "GET /c", "/b 200", "/c hung up", "/a hung up")
    assert draw({"Python": one}) == draw({"Python": other})
    assert drawn(Python=one) == (
        "Python  GET /a  ●━━━━━━━✕ client hung up\n"
        "        GET /b  ●━━━● 200\n"
        "        GET /c  ●━━━━━━━✕ client hung up\n"
    )


def test_a_dropped_request_and_one_still_in_flight():
    assert drawn(Python=log("GET /a", "GET /b", "/a dropped")) == (
        "Python  GET /a  ●━━━✕ dropped\n        GET /b  ●━━━━━━━… in flight\n"
    )


def test_the_query_belongs_to_the_request():
    request = entry("GET", "/posts", "limit=3", 200, "completed", 0, 1)
    assert draw({"Python": [request]}) == "Python  GET /posts?limit=3  ●━━━● 200"


def test_no_requests():
    assert draw({"Python": [], "JavaScript": []}) == ""


def test_what_both_did_is_drawn_once():
    one = log("GET /b", "GET /a", "/b 200", "/a 200")
    other = log("GET /a", "GET /b", "/b 200", "/a 200")
    assert drawn(Python=one, JavaScript=other) == (
        "both  GET /a  ●━━━━━━━● 200\n      GET /b  ●━━━● 200\n"
    )


@pytest.mark.parametrize(
    "other",
    [
        log("GET /a", "/a 200", "GET /b", "/b 200"),  # no overlap
        log("GET /a", "GET /b", "/a 200", "/b 404"),  # another status
        log("GET /a", "GET /b", "/b 200", "/a 200"),  # another order of the ends
        log("GET /a", "GET /c", "/a 200", "/c 200"),  # another path
        log("GET /a", "/a 200"),
    ],
)
def test_what_differs_is_drawn_for_each(other):
    one = log("GET /a", "GET /b", "/a 200", "/b 200")
    lines = draw({"Python": one, "JavaScript": other}).splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "Python",
        "JavaScript",
    ]


def test_no_requests_in_one_language():
    assert drawn(Python=[], JavaScript=log("GET /a", "/a 200")) == (
        "Python      No requests.\nJavaScript  GET /a  ●━━━● 200\n"
    )


def test_a_long_story_stays_within_the_width():
    events = [e for n in range(20) for e in (f"GET /{n:>040}", f"/{n:>040} 200")]
    lines = draw({"Python": log(*events), "JavaScript": log(*events)}).splitlines()
    assert len(lines) == 20
    assert max(map(len, lines)) <= WIDTH
    assert all("…" in line and "●━" in line for line in lines)

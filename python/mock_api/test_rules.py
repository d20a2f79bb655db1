import asyncio
import json
import re
import socket
from itertools import product

import httpx
import pytest

from mock_api import server
from mock_api.client import scenario
from mock_api.log import Log
from mock_api.patterns import Pattern
from mock_api.problem import Problem
from mock_api.rules import Rules
from mock_api.testing import SHORT, only_entry, raw, served

# Hold and release


async def test_hold_and_release(api, client):
    await api.hold("/data")
    held = asyncio.create_task(client.get("/data"))
    await api.saw("GET /data")
    await client.get("/users/1")  # nobody else is held
    await api.release("/data")
    assert (await held).status_code == 200
    assert (await client.get("/data")).status_code == 200  # those to come, too
    order = sorted(await api.log(), key=lambda entry: entry.ended_event)
    assert [e.path for e in order] == ["/users/1", "/data", "/data"]


async def test_release_some_of_what_is_held(api, client):
    await api.hold("/users/*/picture")
    pictures = [
        asyncio.create_task(client.get(f"/users/{n}/picture")) for n in (1, 2, 3)
    ]
    await api.saw("GET /users/*/picture", 3)
    for number in (2, 3, 1):
        await api.release(f"/users/{number}/picture")
        await pictures[number - 1]
    order = sorted(await api.log(), key=lambda entry: entry.ended_event)
    assert [e.path[7] for e in order] == ["2", "3", "1"]


async def test_hold_again_after_release(api, client):
    await api.hold("/data")
    await api.release("*")
    await client.get("/data")
    await api.hold("/data")
    held = asyncio.create_task(client.get("/data"))
    await api.saw("GET /data", 2)
    [_, entry] = await api.log(settled=False)
    assert entry.ending is None
    await api.release("/data")
    await held


async def test_case_counts_in_a_path(impatient):
    await impatient.hold("/users/a")
    async with httpx.AsyncClient(verify=False) as client:
        assert (await client.get(f"{impatient.url}/users/A")).status_code == 404


async def test_held_too_long(impatient):
    await impatient.hold("/data")
    async with httpx.AsyncClient(verify=False) as client:
        answer = await client.get(f"{impatient.url}/data")
    assert answer.status_code == 504
    assert answer.json() == {
        "type": "about:blank",
        "title": "Held too long",
        "status": 504,
        "detail": f"/data was held and not released within {SHORT} seconds.",
    }
    entry = await only_entry(impatient)
    assert (entry.status, entry.ending) == (504, "held too long")


async def test_a_delay_comes_before_a_hold(api, client):
    await api.hold("/data")
    held = asyncio.create_task(client.get("/data?delay=0.05"))
    await api.saw("GET /data")
    await api.release("/data")
    await held
    entry = await only_entry(api)
    assert entry.ended
    assert entry.ended - entry.started >= 0.05


# Patterns


@pytest.mark.parametrize(
    "pattern", ["*", "/users/*", "/users/1", "GET *", "GET /users/1", "* /users/*"]
)
async def test_what_a_pattern_stands_for(api, client, pattern):
    await api.hold(pattern)
    held = asyncio.create_task(client.get("/users/1"))
    await api.saw(pattern)
    assert (await api.log(settled=False))[0].ending is None
    await api.release(pattern)
    await held
    await api.ended(pattern)


@pytest.mark.parametrize("pattern", ["POST *", "/users/2", "/users/[1]", "/data"])
async def test_what_a_pattern_does_not_stand_for(impatient, pattern):
    await impatient.hold(pattern)
    async with httpx.AsyncClient(verify=False) as client:
        answer = await client.get(f"{impatient.url}/users/1")
    assert answer.status_code == 200
    with pytest.raises(RuntimeError, match=f"^Not seen: {re.escape(pattern)} did not"):
        await impatient.saw(pattern)
    with pytest.raises(RuntimeError, match=f"^Not ended: {re.escape(pattern)} did not"):
        await impatient.ended(pattern)


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("*", ["/", "/a/b", "/[a]?"], []),
        ("/a", ["/a"], ["/", "/A", "/a/", "/aa", "/a\n"]),
        ("/a*", ["/a", "/a/b", "/ab", "/a\nb"], ["/", "/ba"]),
        ("/*/a", ["//a", "/b/a", "/b/a/a"], ["/a", "/b/a/", "/b/aa"]),
        ("/a*a", ["/aa", "/aba", "/a/a/a"], ["/a", "/ab"]),
        ("/a*b*c*", ["/abc", "/axbxcx", "/abbcc"], ["/acb", "/ab", "/xabc"]),
        ("/a**b", ["/ab", "/axb"], ["/a", "/b"]),
        ("/[a-z]", ["/[a-z]"], ["/a", "/z", "/-"]),
        ("/?", ["/?"], ["/a", "/"]),
        ("/.+(x)|y", ["/.+(x)|y"], ["/aax", "y", "/ay"]),
        ("/a b", ["/a b"], ["/a", "/ab"]),
    ],
)
def test_only_the_asterisk_is_special(text, yes, no):
    for method in "", "GET ", "* ":
        pattern = Pattern(method + text)
        assert [path for path in yes if not pattern.matches("GET", path)] == []
        assert [path for path in no if pattern.matches("GET", path)] == []
        assert pattern.matches("PUT", (yes or ["/"])[0]) == (method != "GET ")


# Rendezvous


async def test_they_meet_and_the_next_group_meets_again(api, client):
    await api.rendezvous("/users/*", 3)
    for _ in range(2):
        answers = await asyncio.gather(*(client.get(f"/users/{n}") for n in (1, 2, 3)))
        assert [answer.status_code for answer in answers] == [200] * 3
    first, second = (await api.log())[:3], (await api.log())[3:]
    for group in first, second:
        last_to_start = max(entry.started_event for entry in group)
        assert all(entry.ended_event > last_to_start for entry in group)
    lonely = asyncio.create_task(client.get("/users/1"))
    await api.saw("GET /users/1", 3)
    assert (await api.log(settled=False))[-1].ending is None
    await asyncio.gather(client.get("/users/2"), client.get("/users/3"), lonely)


async def test_they_do_not_meet(impatient):
    await impatient.rendezvous("/data", 3)
    async with httpx.AsyncClient(verify=False, base_url=impatient.url) as client:
        answers = [await client.get("/data") for _ in range(2)]
    for answer in answers:
        assert (answer.status_code, answer.json()["title"]) == (504, "No rendezvous")
        assert answer.json()["detail"].endswith(
            f" of 3 requests of /data were in flight together within {SHORT} seconds."
        )
    assert {entry.ending for entry in await impatient.log()} == {"held too long"}


async def test_all_who_wait_hear_how_many_came():
    log = Log()
    rules = Rules(log.now, delays=False, limit=SHORT)
    rules.rendezvous("/data", 3)
    entries = [log.start("GET", "/data", "") for _ in range(2)]
    answers = await asyncio.gather(
        *(rules.obey(entry, None) for entry in entries), return_exceptions=True
    )
    for answer in answers:
        assert isinstance(answer, Problem)
        assert answer.detail.startswith("2 of 3 requests")


async def test_one_who_hangs_up_does_not_count(api, client):
    await api.rendezvous("/data", 2)
    async with raw(api, "/data"):
        await api.saw("GET /data")
    assert (await only_entry(api)).ending == "client hung up"
    second = asyncio.create_task(client.get("/data"))
    await api.saw("GET /data", 2)
    assert (await api.log(settled=False))[1].ending is None
    await asyncio.gather(client.get("/data"), second)


# Faults


async def test_fail_some_times(api, client):
    await api.fail("/posts*", [503, 429])
    statuses = [(await client.get(p)).status_code for p in ("/posts/1", "/data")]
    statuses += [(await client.get("/posts")).status_code for _ in range(2)]
    assert statuses == [503, 200, 429, 200]
    assert [entry.status for entry in await api.log()] == statuses


async def test_a_failure_is_a_problem_document(api, client):
    await api.fail("/data", [503])
    answer = await client.get("/data")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "Service Unavailable"
    assert "Retry-After" not in answer.headers


async def test_when_to_try_again(api, client):
    await api._post("fail", path="/data", statuses=[503], retry_after=0)
    assert (await client.get("/data")).headers["Retry-After"] == "0"


async def test_a_later_rule_replaces_an_earlier_one(api, client):
    await api.fail("/data", [500, 500, 500])
    await api.fail("/data", [502])
    assert [(await client.get("/data")).status_code for _ in range(2)] == [502, 200]


async def test_a_request_that_failed_did_nothing(api, client):
    await api.fail("/posts", [503])
    await client.post("/posts", json={"title": "a", "body": "b", "author_id": 1})
    assert len((await client.get("/posts")).json()) == 10
    assert (await client.get("/posts/11")).status_code == 404


async def test_drop_closes_the_connection_without_an_answer(api, client):
    await api.drop("/data")
    async with raw(api, "/data") as (reader, _):
        assert await reader.read() == b""
    entry = await only_entry(api)
    assert (entry.status, entry.ending) == (None, "dropped")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/data")
    assert (await client.get("/users/1")).status_code == 200


# Answers of the test's choice


async def test_an_answer_of_the_tests_choice(api, client):
    html = "<p>Bitte später</p>"
    headers = {"Content-Type": "text/html; charset=utf-8", "X-Umlaut": "ä"}
    await api.answer("/users/*", headers=headers, body=html)
    for _ in range(2):
        answer = await client.get("/users/1?delay=0.01")
        assert (answer.status_code, answer.text) == (200, html)
        assert answer.headers["Content-Type"] == headers["Content-Type"]
        assert answer.headers["X-Umlaut"] == "ä"
    date = "Wed, 21 Oct 2037 07:28:00 GMT"
    await api.answer("GET /users/1", status=503, headers={"Retry-After": date})
    answer = await client.get("/users/1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, date)
    assert answer.content == b""
    assert (await client.get("/users/2")).text == html
    assert (await client.get("/data")).json()["message"]
    assert [entry.status for entry in await api.log()] == [200, 200, 503, 200, 200]


async def test_an_answer_without_a_body(api, client):
    await api.answer("/data", status=204)
    answer = await client.get("/data")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_the_other_rules_come_before_an_answer(api, client):
    await api.answer("/data", body="chosen")
    await api.fail("/data", [500])
    await api.hold("/data")
    held = asyncio.create_task(client.get("/data"))
    await api.saw("/data")
    await api.release("/data")
    assert (await held).status_code == 500
    assert (await client.get("/data")).text == "chosen"


@pytest.mark.parametrize("cut", [0, 5, 800_000])
async def test_an_answer_that_is_cut_off(api, client, cut):
    body = "0123456789" * 100_000
    await api.answer("/data", body=body, cut=cut)
    seen = b""
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        async with client.stream("GET", "/data") as answer:
            assert answer.headers["Content-Length"] == str(len(body))
            async for chunk in answer.aiter_raw():
                seen += chunk
    assert seen == body[:cut].encode()
    entry = await only_entry(api)
    assert (entry.status, entry.ending) == (200, "dropped")


async def test_what_comes_before_the_cut_arrives_even_if_it_is_read_late(monkeypatch):
    class Narrow(server.Connection):
        def connection_made(self, transport):
            to_client = transport.get_extra_info("socket")
            to_client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10_000)
            super().connection_made(transport)

    monkeypatch.setattr("mock_api.testing.Connection", Narrow)
    async with served() as url, scenario(url, delays=False) as api:
        await api.answer("/data", body="x" * 1_000_000, cut=900_000)
        async with raw(api, "/data") as (reader, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await api.ended("/data")
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            stream = await reader.read()
        assert stream.partition(b"\r\n\r\n")[2] == b"x" * 900_000


# What is refused


@pytest.mark.parametrize(
    ("rule", "path", "said"),
    [
        (
            "hold",
            "/post",
            "path: no request can match /post. Did you mean /posts? Ther",
        ),
        (
            "release",
            "/user/1",
            "path: no request can match /user/1. Did you mean /user",
        ),
        (
            "drop",
            "/users/*/pic",
            "path: no request can match /users/*/pic. Did you mea",
        ),
        (
            "delay",
            "/posts/1/*",
            "path: no request can match /posts/1/*. Did you mean /",
        ),
        (
            "fail",
            "DELETE /posts",
            "path: /posts does not know DELETE. It knows: GET, HEAD",
        ),
        (
            "hold",
            "GET /completions",
            "path: /completions does not know GET. It knows: P",
        ),
        ("answer", "/weather", "path: no request can match /weather. Did you mean /"),
        (
            "rendezvous",
            "/feeds/news/3",
            "path: no request can match /feeds/news/3. Did",
        ),
        (
            "fail",
            "/completions/3",
            "path: no request can match /completions/3. Did you",
        ),
    ],
)
async def test_a_rule_that_no_request_can_match(api, rule, path, said):
    others: dict[str, dict[str, object]] = {
        "fail": {"statuses": [500]},
        "rendezvous": {"n": 2},
        "delay": {"seconds": 1},
    }
    answer = await api._control.post(rule, json={"path": path, **others.get(rule, {})})
    assert (answer.status_code, answer.json()["detail"][: len(said)]) == (422, said)


@pytest.mark.parametrize(
    "path",
    [
        "*",
        "/*",
        "GET *",
        "* /data",
        "HEAD /data",
        "/users/*/picture",
        "/u*/1*",
        "*/picture",
        "/status/503",
        "/users/[1]",
        "/feeds/news/3",
        "/completions/*",
    ],
)
async def test_a_rule_that_some_request_can_match(api, path):
    for rule in "hold", "release", "drop":
        await api._post(rule, path=path)


def words(most: int) -> list[str]:
    """All texts of a, b and c with 1 to so many letters."""
    sizes = range(1, most + 1)
    return ["".join(w) for size in sizes for w in product("abc", repeat=size)]


@pytest.mark.parametrize(
    ("path", "texts", "most"),
    [
        ("/a", ["/a"], 4),
        ("/a/{x}/b", [f"/a/{x}/b" for x in words(4)], 4),
        ("/{x}", [f"/{x}" for x in words(4)], 4),
        ("/{x}/c{y}", [f"/{x}/c{y}" for x in words(3) for y in words(3)], 3),
    ],
)
def test_what_can_match_at_all(path, texts, most):
    """Every short pattern, tried on every text that is as long as can matter."""
    for size in range(most + 1):
        for letters in product("*/abc", repeat=size):
            pattern = Pattern("/" + "".join(letters))
            found = any(pattern.matches("GET", text) for text in texts)
            assert pattern.may_match(path) == found, pattern.text


@pytest.mark.parametrize(
    ("rule", "body", "said"),
    [
        ("hold", {}, "path: missing. Expected a string (A path without a query"),
        ("hold", {"path": "data"}, "path: expected a string (A path without a query"),
        ("hold", {"path": "/a?b=1"}, "path: expected a string (A path without a query"),
        ("hold", {"path": "*", "n": 1}, "n: there is no such field. Expected: path."),
        ("release", {"path": 1}, "path: expected a string"),
        ("saw", {"request": "data"}, "request: expected a string (A path without a"),
        ("saw", {"request": "GET /a", "times": 0}, "times: expected a whole number"),
        ("rendezvous", {"path": "*", "n": 0}, "n: expected a whole number from 1 to"),
        ("fail", {"path": "*", "statuses": []}, "statuses: expected a list of 1 to"),
        ("fail", {"path": "*", "statuses": [200]}, "statuses[0]: expected a whole"),
        ("fail", {"path": "*", "statuses": 503}, "statuses: expected a list of 1 to"),
        ("ended", {"request": "data"}, "request: expected a string (A path without"),
        ("answer", {"path": "*", "status": 99}, "status: expected a whole number from"),
        ("answer", {"path": "*", "headers": {"a b": ""}}, "headers: a name in it: exp"),
        ("answer", {"path": "*", "headers": {"a": "\r\nb: c"}}, "headers: a: expected"),
        ("answer", {"path": "*", "headers": {"a": "x\n"}}, "headers: a: expected a st"),
        ("answer", {"path": "*", "headers": {"Content-Length": "1"}}, "headers: Conte"),
        ("answer", {"path": "*", "headers": []}, "headers: expected an object that ho"),
        ("answer", {"path": "*", "body": "\ud800"}, "body: expected a string that UTF"),
        ("answer", {"path": "*", "body": "a", "cut": 1}, "cut: expected fewer bytes t"),
        (
            "answer",
            {"path": "*", "body": {}},
            "body: expected a string of 0 to 1000000 characters, got {}.",
        ),
        ("answer", {"path": "*", "cut": -1}, "cut: expected a whole number from 0, or"),
        ("answer", {"path": "*", "status": 204, "body": "a"}, "body: expected none, f"),
        ("drop", {"path": None}, "path: expected a string"),
        ("delay", {"path": "*", "seconds": -1}, "seconds: expected a number from 0"),
        ("delay", {"path": "*", "seconds": "1"}, "seconds: expected a number from 0"),
    ],
)
async def test_a_bad_rule(api, rule, body, said):
    headers = {"Content-Type": "application/json"}  # httpx cannot encode \ud800
    answer = await api._control.post(rule, content=json.dumps(body), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(said)

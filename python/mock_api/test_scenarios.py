import asyncio
import json
import re
import socket
import sys
from contextlib import ExitStack, asynccontextmanager

import httpx
import pytest

from mock_api import scenarios
from mock_api.app import app
from mock_api.client import LogEntry, scenario
from mock_api.control import SCENARIOS
from mock_api.messages import Problem
from mock_api.scenarios import Scenario, Scenarios
from mock_api.server import listen
from mock_api.service import SERVICE

# How long something waits that is not to come, in seconds.
SHORT = 0.05


@pytest.fixture
async def impatient(server_url):
    async with scenario(server_url, delays=False, limit=SHORT) as made:
        yield made


@asynccontextmanager
async def raw(api, path, *, method="GET"):
    """A connection of our own on which `path` has been asked for."""
    url = httpx.URL(api.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"{method} {url.path}{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def only_entry(api):
    [entry] = await api.log()
    return entry


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
    await impatient.hold("/DATA")
    async with httpx.AsyncClient(verify=False) as client:
        assert (await client.get(f"{impatient.url}/data")).status_code == 200


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
    assert (await only_entry(impatient)).status == 504


async def test_a_delay_comes_before_a_hold(api, client):
    await api.hold("/data")
    held = asyncio.create_task(client.get("/data?delay=0.05"))
    await api.saw("GET /data")
    await api.release("/data")
    await held
    entry = await only_entry(api)
    assert entry.ended - entry.started >= 0.05


# What has been seen


async def test_saw_what_has_ended_and_what_is_to_come(api, client):
    await client.get("/data")
    await api.saw("GET /data")
    waiting = asyncio.create_task(api.saw("GET /data", 3))
    await asyncio.gather(client.get("/data"), client.get("/data"))
    await waiting
    await client.get("/users/1")
    await api.saw("GET /*", 4)
    await api.saw("* /users/1")


async def test_saw_waits_for_the_last():
    alone = Scenario("alone")
    alone.start("GET", "/data", "")
    waiting = asyncio.create_task(alone.saw("GET /data", 3))
    for path, is_done in ("/", False), ("/data", False), ("/", False), ("/data", True):
        await asyncio.sleep(0)
        alone.start("GET", path, "")
        await asyncio.wait([waiting], timeout=0)
        assert waiting.done() == is_done
    await waiting


async def test_saw_something_else(impatient):
    async with httpx.AsyncClient(verify=False) as client:
        for path in ("/data", "/data", "/users/1"):
            await client.get(impatient.url + path)
    with pytest.raises(RuntimeError) as caught:
        await impatient.saw("POST /posts", 2)
    assert str(caught.value) == (
        f"Not seen: POST /posts did not arrive 2 times within {SHORT} seconds. "
        "Seen instead: GET /data (x2), GET /users/1."
    )


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


@pytest.mark.parametrize("pattern", ["POST *", "POST /users/1", "/users", "/users/[1]"])
async def test_what_a_pattern_does_not_stand_for(impatient, pattern):
    await impatient.hold(pattern)
    async with httpx.AsyncClient(verify=False) as client:
        answer = await client.get(f"{impatient.url}/users/1")
    assert answer.status_code == 200
    with pytest.raises(RuntimeError, match=f"^Not seen: {re.escape(pattern)} did not"):
        await impatient.saw(pattern)
    with pytest.raises(RuntimeError, match=f"^Not ended: {re.escape(pattern)} did not"):
        await impatient.ended(pattern)


def test_only_the_asterisk_is_special():
    alone = Scenario("alone")
    for path in "/[a-z]", "/?", "/(.+)", "/!":
        alone.drop(path)
        assert scenarios._latest(alone._drops, "GET", path)
    for path in "/a", "/x", "/aa":
        assert scenarios._latest(alone._drops, "GET", path) is None


async def test_ended_what_has_ended_and_what_is_to_come(api, client):
    await client.get("/data")
    await api.ended("/data")
    await api.hold("/data")
    held = [asyncio.create_task(client.get("/data")) for _ in range(2)]
    waiting = asyncio.create_task(api.ended("GET /data", 3))
    await api.saw("/data", 3)
    assert not waiting.done()
    await api.release("/data")
    await waiting
    await asyncio.gather(*held)


@pytest.mark.parametrize("rule", ["hold", "drop", "fail"])
async def test_every_ending_counts(api, rule):
    await api._post(rule, path="/data", **{"fail": {"statuses": [503]}}.get(rule, {}))
    async with raw(api, "/data"):
        await api.saw("/data")
        if rule != "hold":
            await api.ended("/data")
    await api.ended("/data")


async def test_ended_something_else(impatient):
    await impatient.hold("/data")
    async with raw(impatient, "/data?delay=30"), httpx.AsyncClient(verify=False) as c:
        await impatient.saw("/data")
        await c.get(f"{impatient.url}/users/1")
        with pytest.raises(RuntimeError) as caught:
            await impatient.ended("/data")
    assert str(caught.value) == (
        f"Not ended: /data did not end 1 times within {SHORT} seconds. "
        "Ended: GET /users/1. In flight: GET /data."
    )


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
        first = asyncio.create_task(client.get("/data"))
        await impatient.saw("GET /data")
        answers = [await first, await client.get("/data")]
    for answer in answers:
        assert (answer.status_code, answer.json()["title"]) == (504, "No rendezvous")
        assert answer.json()["detail"].endswith(
            f" of 3 requests of /data were in flight together within {SHORT} seconds."
        )


async def test_all_who_wait_hear_how_many_came():
    alone = Scenario("alone", limit=SHORT)
    alone.rendezvous("/data", 3)
    [meeting] = alone._meetings.values()
    answers = await asyncio.gather(
        *(alone._meet("/data", meeting) for _ in range(2)), return_exceptions=True
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


# Hanging up


@pytest.mark.parametrize("rule", ["delay", "hold", "rendezvous"])
async def test_a_client_that_hangs_up_is_noticed(api, rule):
    await api._post(
        rule,
        path="/data",
        **{"delay": {"seconds": 30}, "hold": {}, "rendezvous": {"n": 2}}[rule],
    )
    async with raw(api, "/data"):
        await api.saw("GET /data")
    entry = await only_entry(api)  # this waits, and less than 30 seconds
    assert (entry.status, entry.ending) == (None, "client hung up")


async def test_a_client_that_resets_is_noticed(api):
    await api.hold("/data")
    async with raw(api, "/data") as (_, writer):
        await api.saw("GET /data")
        writer.transport.abort()
    assert (await only_entry(api)).ending == "client hung up"


async def test_hanging_up_stops_the_stream(api):
    async with raw(api, "/download?megabytes=64") as (reader, _):
        await reader.readexactly(100_000)
    entry = await only_entry(api)
    assert (entry.status, entry.ending) == (200, "client hung up")


async def test_a_client_that_does_not_read_holds_the_stream_back(api):
    async with raw(api, "/download?megabytes=64") as (reader, _):
        await reader.readexactly(1000)
        assert (await api.log(settled=False))[0].ending is None
    assert (await only_entry(api)).ending == "client hung up"


async def test_what_a_client_gave_up_is_not_done(api, client):
    await api.hold("/posts")
    post = {"title": "a", "body": "b", "author_id": 1}
    task = asyncio.create_task(client.post("/posts", json=post))
    await api.saw("POST /posts")
    task.cancel()
    await asyncio.wait([task])
    assert (await only_entry(api)).ending == "client hung up"
    await api.release("/posts")
    assert len((await client.get("/posts?limit=10")).json()) == 10
    assert (await client.get("/posts/11")).status_code == 404


async def test_a_connection_can_be_used_again(api, client):
    async with raw(api, "/data") as (reader, writer):
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(37)
            path = httpx.URL(api.url).path
            writer.write(f"GET {path}/data HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await api.saw("GET /data", 4)
    assert {entry.ending for entry in await api.log()} == {"completed"}


async def test_a_half_sent_request_is_not_logged(api, client):
    async with raw(api, "/posts", method="POST") as (_, writer):
        writer.write(b"")
    url = httpx.URL(api.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.path}/posts HTTP/1.1\r\n".encode())
    writer.write(b"Host: x\r\nContent-Length: 9\r\n\r\n{")
    writer.close()
    await writer.wait_closed()
    await client.get("/data")
    assert [entry.path for entry in await api.log()] == ["/posts", "/data"]


# The log


async def test_what_the_log_holds(api, client):
    await client.get("/users/2?delay=0")
    entry = await only_entry(api)
    assert entry.ended >= entry.started >= 0
    assert entry == LogEntry(
        request=1,
        method="GET",
        path="/users/2",
        query="delay=0",
        in_flight=1,
        status=200,
        ending="completed",
        started=entry.started,
        ended=entry.ended,
        started_event=0,
        ended_event=1,
    )


async def test_in_flight_counts_who_is_there(api, client):
    await api.hold("/data")
    held = []
    for number in (1, 2, 3):
        held.append(asyncio.create_task(client.get("/data")))
        await api.saw("GET /data", number)
    await client.get("/users/1")
    await api.release("/data")
    await asyncio.gather(*held)
    await client.get("/users/1")
    assert [entry.in_flight for entry in await api.log()] == [1, 2, 3, 4, 1]


async def test_unknown_paths_and_bad_input_are_logged(api, client):
    for path in ("/nothing", "/data?delay=x", "/%F0%9F%98%80"):
        await client.get(path)
    statuses = [(entry.path, entry.status) for entry in await api.log()]
    assert statuses == [("/nothing", 404), ("/data", 400), ("/😀", 404)]


async def test_whoever_has_the_answer_finds_the_end_in_the_log(api, client):
    for path in ["/data", "/download?megabytes=1"] * 25:
        await client.get(path)
        entries = await api.log(settled=False)
        assert entries[-1].ending == "completed"


async def test_the_log_settles(impatient):
    await impatient.hold("/data")
    async with raw(impatient, "/data?delay=30"), raw(impatient, "/users/1?delay=30"):
        await impatient.saw("GET *", 2)
        with pytest.raises(RuntimeError, match="Not settled: Still in flight after"):
            await impatient.log()
        await impatient.log(settled=False)
    assert {entry.ending for entry in await impatient.log()} == {"client hung up"}


async def test_the_log_names_what_does_not_end(impatient):
    async with raw(impatient, "/data?delay=30"):
        await impatient.saw("GET /data")
        with pytest.raises(RuntimeError, match=r"after 0\.05 seconds: GET /data\.$"):
            await impatient.log()


def test_the_log_is_bounded(monkeypatch):
    monkeypatch.setattr(scenarios, "_LOG_LIMIT", 3)
    alone = Scenario("alone")
    held = alone.start("GET", "/held", "")
    for number in range(5):
        alone.end(alone.start("GET", f"/{number}", ""), "completed")
    assert [entry["path"] for entry in alone.log()] == ["/held", "/3", "/4"]
    events = [(e["path"], e["event"]) for _, e in alone.events(0)]
    assert events == [
        ("/held", "started"),
        ("/3", "started"),
        ("/3", "ended"),
        ("/4", "started"),
        ("/4", "ended"),
    ]
    alone.end(held, "completed")


async def test_events_from_the_beginning_then_live_until_the_end(server_url):
    async with (
        scenario(server_url, delays=False) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False, verify=False) as client,
    ):
        await client.get("/data")
        events = []
        async with api._control.stream("GET", "events") as stream:
            assert stream.headers["Content-Type"] == "application/x-ndjson"
            lines = stream.aiter_lines()
            events += [json.loads(await anext(lines)) for _ in range(2)]
            await api.hold("/users/1")
            held = asyncio.create_task(client.get("/users/1"))
            events.append(json.loads(await anext(lines)))
            await api.release("/users/1")
            events.append(json.loads(await anext(lines)))
            await held
            log = await api.log()
            await client.delete(str(api._control.base_url))
            assert [line async for line in lines] == []  # the stream has ended
    names = [(e.pop("event"), e["path"]) for e in events]
    assert names == [
        ("started", "/data"),
        ("ended", "/data"),
        ("started", "/users/1"),
        ("ended", "/users/1"),
    ]
    assert [LogEntry(**events[1]), LogEntry(**events[3])] == log
    for event in events[0], events[2]:
        later = ("status", "ending", "ended", "ended_event")
        assert [event[field] for field in later] == [None] * 4


async def test_events_of_someone_who_left_go_nowhere(server_url):
    async with scenario(server_url, delays=False) as api:
        async with api._control.stream("GET", "events"):
            pass
        async with httpx.AsyncClient(verify=False) as client:
            assert (await client.get(f"{api.url}/data")).status_code == 200
        assert (await only_entry(api)).ending == "completed"


# Scenarios


async def test_scenarios_are_private(server_url, api, client):
    async with scenario(server_url, delays=False) as other:
        await other.drop("*")
        await client.post("/posts", json={"title": "a", "body": "b", "author_id": 1})
        await client.put("/posts/1", json={"title": "a", "body": "b"})
        assert await other.log() == []
    async with (
        scenario(server_url, delays=False) as fresh,
        httpx.AsyncClient(base_url=fresh.url, trust_env=False, verify=False) as reader,
    ):
        assert (await reader.get("/posts/11")).status_code == 404
        assert (await reader.get("/posts/1")).json()["title"] == "First post"


async def test_deleting_a_scenario_lets_everyone_go(server_url):
    async with (
        scenario(server_url, delays=False, limit=30) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False, verify=False) as client,
    ):
        await api.hold("/data")
        await api.rendezvous("/users/1", 9)
        waiting = [
            asyncio.create_task(client.get(path)) for path in ("/data", "/users/1")
        ]
        await api.saw("GET *", 2)
        control = str(api._control.base_url)
        assert (await client.delete(control)).status_code == 204
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [
            200,
            200,
        ]
        for answer in (
            await client.get("/data"),
            await client.get(f"{control}log"),
            await client.delete(control),
        ):
            assert answer.status_code == 404
            assert answer.json()["detail"].startswith("There is no scenario ")


async def test_default_is_always_there(server_url):
    async with httpx.AsyncClient(
        base_url=server_url, trust_env=False, verify=False
    ) as client:
        for _ in range(2):
            assert (await client.get("/scenarios/default/log")).status_code == 200
        assert (await client.get("/data?delay=0.00123")).status_code == 200
        log = (await client.get("/scenarios/default/log?settled=false")).json()
        assert "delay=0.00123" in [entry["query"] for entry in log]


def test_default_begins_afresh():
    made = Scenarios()
    before = made.find("default")
    made.delete(before)
    assert before.deleted
    assert made.find("default") is not before


def test_there_are_not_too_many_scenarios():
    made = Scenarios()
    all_of_them = [made.make(delays=True, limit=1) for _ in range(1000)]
    with pytest.raises(Problem, match="There are 1000 scenarios already") as caught:
        made.make(delays=True, limit=1)
    assert caught.value.status == 503
    made.delete(all_of_them[0])
    made.make(delays=True, limit=1)


@pytest.mark.parametrize(
    ("rule", "body", "said"),
    [
        ("hold", {}, "path: missing. Expected a string (A path without a query"),
        ("hold", {"path": "data"}, "path: expected a string (A path without a query"),
        ("hold", {"path": "/a?b=1"}, "path: expected a string (A path without a query"),
        ("hold", {"path": "/", "n": 1}, "n: there is no such field. Expected: path."),
        ("release", {"path": 1}, "path: expected a string"),
        ("saw", {"request": "data"}, "request: expected a string (A path without a"),
        ("saw", {"request": "GET /a", "times": 0}, "times: expected a whole number"),
        ("rendezvous", {"path": "/", "n": 0}, "n: expected a whole number from 1 to"),
        ("fail", {"path": "/", "statuses": []}, "statuses: expected a list of 1 to"),
        ("fail", {"path": "/", "statuses": [200]}, "statuses[0]: expected a whole"),
        ("fail", {"path": "/", "statuses": 503}, "statuses: expected a list of 1 to"),
        ("ended", {"request": "data"}, "request: expected a string (A path without"),
        ("answer", {"path": "/", "status": 99}, "status: expected a whole number from"),
        ("answer", {"path": "/", "headers": {"a b": ""}}, "headers: a name in it: exp"),
        ("answer", {"path": "/", "headers": {"a": "\r\nb: c"}}, "headers: a: expected"),
        ("answer", {"path": "/", "headers": {"a": "x\n"}}, "headers: a: expected a st"),
        ("answer", {"path": "/", "headers": {"Content-Length": "1"}}, "headers: Conte"),
        ("answer", {"path": "/", "headers": []}, "headers: expected an object that ho"),
        ("answer", {"path": "/", "body": "\ud800"}, "body: expected a string that UTF"),
        ("answer", {"path": "/", "body": "a", "cut": 1}, "cut: expected fewer bytes t"),
        ("answer", {"path": "/", "cut": -1}, "cut: expected a whole number from 0, or"),
        ("answer", {"path": "/", "status": 204, "body": "a"}, "body: expected none, f"),
        ("drop", {"path": None}, "path: expected a string"),
        ("delay", {"path": "/", "seconds": -1}, "seconds: expected a number from 0"),
        ("delay", {"path": "/", "seconds": "1"}, "seconds: expected a number from 0"),
    ],
)
async def test_a_bad_rule(api, rule, body, said):
    headers = {"Content-Type": "application/json"}  # httpx cannot encode \ud800
    answer = await api._control.post(rule, content=json.dumps(body), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"delays": 1}, "delays: expected true or false, got 1."),
        ({"limit": 0}, "limit: expected a number above 0 and up to 600, got 0."),
        ({"limit": 601}, "limit: expected a number above 0 and up to 600, got 601."),
        ({"delay": 1}, "delay: there is no such field. Expected: delays, limit."),
    ],
)
async def test_a_bad_scenario(server_url, body, said):
    async with httpx.AsyncClient(verify=False) as client:
        answer = await client.post(f"{server_url}/scenarios", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (422, said)


async def test_bad_control_requests(api):
    control = api._control
    assert (await control.get("log?settled=maybe")).status_code == 400
    assert (await control.get("hold")).headers["Allow"] == "POST"
    assert (await control.get("nothing")).status_code == 404
    assert (await control.post("hold", content="{}")).status_code == 415
    assert (await control.post("hold", content=b" " * 2_000_000)).status_code == 413


# The server


class Connection:
    """Stands in for a client's connection where the application runs by itself."""

    lost = False
    on_lost = None


async def ask(path):
    """The application's messages in answer to a request, without a server."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"delay=0",
        "headers": [],
        "server": ("127.0.0.1", 80),
        "state": {"connection": Connection()},
    }
    await app(scope, receive, send)
    return sent


async def test_a_bug_is_a_problem_too(monkeypatch, capsys):
    def broken(method, path):
        raise ZeroDivisionError

    monkeypatch.setattr(SERVICE, "find", broken)
    start, body = await ask("/data")
    assert start["status"] == 500
    assert json.loads(body["body"])["title"] == "Internal Server Error"
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert SCENARIOS.find("default").log()[-1]["ending"] == "completed"


async def test_being_cancelled_by_the_server_is_not_hidden(monkeypatch):
    task = asyncio.create_task(ask("/data"))
    SCENARIOS.find("default").hold("/data")
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    SCENARIOS.delete(SCENARIOS.find("default"))


async def test_hundreds_of_requests_held_at_once(api):
    url = httpx.URL(api.url)
    request = f"GET {url.path}/users/1 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    answered = 0
    all_answered = asyncio.Event()

    class Client(asyncio.Protocol):
        def data_received(self, data):
            nonlocal answered
            answered += data.startswith(b"HTTP/1.1 200 ")
            if answered == 200:
                all_answered.set()

    async def connect():
        transport, _ = await loop.create_connection(Client, url.host, url.port or 80)
        transport.write(request)
        return transport

    await api.hold("/users/*")
    clients = await asyncio.gather(*(connect() for _ in range(200)))
    try:
        await api.saw("GET /users/1", 200)
        assert (await api.log(settled=False))[-1].in_flight == 200
        await api.release("/users/*")
        assert len(await api.log()) == 200
        await all_answered.wait()
    finally:
        for client in clients:
            client.abort()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system allows fewer")
def test_many_may_connect_before_one_is_accepted():
    with listen(0) as listening, ExitStack() as clients:
        for _ in range(500):
            address = listening.getsockname()
            clients.enter_context(socket.create_connection(address, timeout=5))


async def test_answers_are_sent_without_delay():
    """Otherwise Nagle's algorithm makes all but the first wait 40 ms."""
    accepted = asyncio.get_running_loop().create_future()

    def accept(reader, writer):
        sock = writer.get_extra_info("socket")
        accepted.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(accept, sock=listen(0)) as server:
        address = server.sockets[0].getsockname()
        _, writer = await asyncio.open_connection(*address)
        assert await accepted
        writer.close()
        await writer.wait_closed()

import asyncio
import json
from collections import Counter

import httpx
import pytest

from mock_api import control
from mock_api import log as logs
from mock_api.client import LogEntry, scenario
from mock_api.control import SCENARIOS
from mock_api.log import Log
from mock_api.patterns import Pattern
from mock_api.scenarios import Scenario
from mock_api.testing import SHORT, arrived, only_entry, raw, served

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
    alone = Log()
    alone.start("GET", "/data", "")
    waiting = asyncio.create_task(alone.saw(Pattern("GET /data"), 3))
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
        await arrived(impatient, 1)
        await c.get(f"{impatient.url}/users/1")
        with pytest.raises(RuntimeError) as caught:
            await impatient.ended("/data")
    assert str(caught.value) == (
        f"Not ended: /data did not end 1 times within {SHORT} seconds. "
        "Ended: GET /users/1. In flight: GET /data."
    )


# The log


async def test_what_the_log_holds(api, client):
    await client.get("/users/2?delay=0")
    entry = await only_entry(api)
    assert entry.ended
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
        await arrived(impatient, 2)
        with pytest.raises(RuntimeError, match="Not settled: Still in flight after"):
            await impatient.log()
        await impatient.log(settled=False)
    assert {entry.ending for entry in await impatient.log()} == {"client hung up"}


async def test_the_log_names_what_does_not_end(impatient):
    async with raw(impatient, "/data?delay=30"):
        await arrived(impatient, 1)
        with pytest.raises(RuntimeError, match=r"after 0\.05 seconds: GET /data\.$"):
            await impatient.log()


def test_the_log_is_bounded(monkeypatch):
    monkeypatch.setattr(logs, "LOG_ENTRIES", 3)
    alone = Log()
    held = alone.start("GET", "/held", "")
    for number in range(5):
        alone.end(alone.start("GET", f"/{number}", ""), "completed")
    assert [entry.path for entry in alone.entries()] == ["/held", "/3", "/4"]
    events = [(e["path"], e["event"]) for e in alone.events_from(0, 100)[1]]
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


# A long log


def filled(entries: int) -> Scenario:
    """A scenario that has seen so many requests."""
    alone = Scenario("alone")
    for number in range(entries):
        alone.log.end(alone.log.start("GET", f"/{number}", ""), "completed")
    return alone


async def test_only_so_much_is_written_in_one_turn(monkeypatch):
    """Whoever else has something to do waits for one slice, however many read."""
    alone = filled(1000)
    in_turn: Counter[int] = Counter()
    turn = 0
    at = LogEntry.at

    def counted(entry, event):
        in_turn[turn] += 1
        return at(entry, event)

    async def count_turns():
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def write(piece, more):
        pass  # the network is never in the way

    monkeypatch.setattr(LogEntry, "at", counted)
    counting = asyncio.create_task(count_turns())
    readers = [control._Log] * 3 + [control._Events] * 5
    reading = [asyncio.create_task(one(alone).write_body(write)) for one in readers]
    while in_turn.total() < 3 * 1000 + 5 * 2000:
        await asyncio.wait(reading, timeout=0)
    alone.delete()
    await asyncio.gather(*reading)
    counting.cancel()
    assert max(in_turn.values()) == 100


@pytest.mark.parametrize("entries", [0, 1, 99, 100, 101, 200, 201, 12_345])
async def test_a_log_of_any_length(entries):
    async with served() as url, scenario(url) as api:
        known = SCENARIOS.find(httpx.URL(api.url).path[3:])
        for number in range(entries):
            known.log.end(known.log.start("GET", f"/{number}", ""), "completed")
        log = await api.log()
    last = [f"/{number}" for number in range(entries)][-10_000:]
    assert [entry.path for entry in log] == last
    assert {entry.ending for entry in log} <= {"completed"}


async def test_a_long_log_shows_one_moment():
    alone = filled(500)
    late = alone.log.start("GET", "/late", "")
    stream = control._Log(alone)
    pieces: list[bytes] = []

    async def write(piece, more):
        if not pieces:
            alone.log.end(late, "completed")
            alone.log.start("GET", "/later", "")
        pieces.append(piece)

    await stream.write_body(write)
    *_, last = json.loads(b"".join(pieces))
    assert (last["path"], last["ending"], last["ended"]) == ("/late", None, None)


async def test_whoever_comes_late_to_the_events_does_not_look_at_forgotten_ones():
    alone = filled(10_003)
    after, events = alone.log.events_from(0, 4)
    assert [event["path"] for event in events] == ["/3", "/3", "/4", "/4"]
    assert [event["event"] for event in events] == ["started", "ended"] * 2
    assert after == 10

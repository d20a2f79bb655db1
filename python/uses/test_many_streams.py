from contextlib import aclosing, asynccontextmanager

import httpx
import pytest
from httpx_sse import aconnect_sse

from helpers import printed, running
from uses import many_streams
from uses.many_streams import main, merge


async def test_all_feeds_are_followed_at_once(mock_api):
    await mock_api.rendezvous("/feeds/*", 3)
    await printed(main(mock_api.url))
    log = await mock_api.log()
    assert max(entry.in_flight for entry in log) == 3
    assert {entry.status for entry in log} == {200}


async def test_lines_come_in_the_order_of_the_events(mock_api):
    events = [
        ("sport/1", "sport: Kick-off"),
        ("news/1", "news: A cat sleeps"),
        ("news/2", "news: A ship leaves"),
        ("weather/1", "weather: Sun"),
        ("sport/2", "sport: Goal"),
    ]
    await mock_api.hold("/feeds/*/*")
    async with running(main(mock_api.url)) as program:
        for event, line in events:
            await mock_api.release(f"/feeds/{event}")
            await program.prints(line)
        assert program.lines == [line for _, line in events]
        await mock_api.release("/feeds/*/*")


async def test_one_ends_one_fails_the_rest_go_on(mock_api):
    await mock_api.hold("/feeds/*/3")
    async with running(main(mock_api.url)) as program:
        await program.prints("(weather has ended)")
        await program.prints("sport: Goal")
        await mock_api.release("/feeds/sport/3")
        await program.prints("(sport has failed)")
        assert "news: A bridge opens" not in program.output
        await mock_api.release("/feeds/news/3")
    assert program.lines[-3:] == [
        "news: A bridge opens",
        "news: Good night",
        "(news has ended)",
    ]
    endings = {e.path: e.ending for e in await mock_api.log()}
    assert endings == {
        "/feeds/news": "completed",
        "/feeds/sport": "dropped",
        "/feeds/weather": "completed",
    }


async def test_a_feed_that_refuses_fails_alone(mock_api):
    await mock_api.fail("/feeds/news", [503])
    lines = (await printed(main(mock_api.url))).splitlines()
    assert "(news has failed)" in lines
    assert "(weather has ended)" in lines


async def test_a_connection_that_breaks_is_an_error(mock_api):
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        with pytest.raises(
            httpx.RemoteProtocolError,
            match=r"peer closed connection without sending complete "
            r"message body \(incomplete chunked read\)",
        ):
            await client.get("/feeds/sport")


async def test_whoever_stops_early_hangs_up_on_all(mock_api):
    await mock_api.hold("/feeds/*/2")
    seen = set()
    client = httpx.AsyncClient(base_url=mock_api.url, timeout=None)
    async with client, aclosing(merge(client)) as lines:
        async for line in lines:
            seen.add(line)
            if len(seen) == 3:
                break
    assert seen == {
        "news: A cat sleeps",
        "sport: Kick-off",
        "weather: Sun",
    }
    endings = [entry.ending for entry in await mock_api.log()]
    assert endings == ["client hung up"] * 3


# Python only: a JavaScript catch takes every error for a failed feed.
async def test_a_bug_in_one_stops_the_others(mock_api, monkeypatch):
    @asynccontextmanager
    async def broken(client, method, path):
        if path == "/feeds/weather":
            await mock_api.saw("GET /feeds/*", times=2)
            raise ZeroDivisionError
        async with aconnect_sse(client, method, path) as source:
            yield source

    monkeypatch.setattr(many_streams, "aconnect_sse", broken)
    await mock_api.hold("/feeds/*")
    with pytest.raises(ExceptionGroup) as raised:
        await printed(main(mock_api.url))
    assert raised.group_contains(ZeroDivisionError)
    endings = [entry.ending for entry in await mock_api.log()]
    assert endings == ["client hung up"] * 2

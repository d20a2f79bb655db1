import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from httpx_sse import aconnect_sse

from helpers import limited, printed, running
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
    endings = [(e.path, e.ending) for e in await mock_api.log()]
    # Nobody connects a second time.
    assert sorted(endings) == [
        ("/feeds/news", "completed"),
        ("/feeds/sport", "dropped"),
        ("/feeds/weather", "completed"),
    ]


async def test_a_feed_that_refuses_fails_alone(mock_api):
    await mock_api.answer(
        "/feeds/news",
        status=503,
        headers={"Content-Type": "text/event-stream"},
        body="data: Sorry\n\n",
    )
    lines = (await printed(main(mock_api.url))).splitlines()
    assert "(news has failed)" in lines
    assert "news: Sorry" not in lines
    assert "(weather has ended)" in lines


# Python only: eventsource-parser does not look at the content type.
async def test_what_is_no_event_stream_fails(mock_api):
    await mock_api.answer("/feeds/news", body="<p>Hello</p>")
    output = await printed(main(mock_api.url))
    assert "(news has failed)" in output


async def test_whoever_stops_early_hangs_up_on_all(mock_api, client):
    await mock_api.hold("/feeds/*/2")
    seen = set()
    async with (
        limited(lambda: "not given up"),
        merge(client) as lines,
    ):
        async for line in lines:
            seen.add(line)
            if len(seen) == 3:
                break
    assert seen == {
        "news: A cat sleeps",
        "sport: Kick-off",
        "weather: Sun",
    }
    # The client is open still.
    endings = [entry.ending for entry in await mock_api.log()]
    assert endings == ["client hung up"] * 3


async def test_a_feed_waits_for_its_reader():
    sent = 0

    async def fast():
        nonlocal sent
        while sent < 1000:
            sent += 1
            await asyncio.sleep(0)
            yield b"data: Goal\n\n"

    def answer(request):
        headers = {"Content-Type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=fast())

    async with (
        httpx.AsyncClient(
            base_url="http://any", transport=httpx.MockTransport(answer)
        ) as client,
        merge(client) as lines,
    ):
        await anext(lines)
        for _ in range(1000):
            await asyncio.sleep(0)
        # One is read, one is in the queue, and each feed holds one.
        assert sent <= 5
        before = sent
        for _ in range(20):
            await anext(lines)
        assert sent > before


# Python only: Node gives up after five minutes of silence.
async def test_a_quiet_feed_is_no_failure(mock_api, clock):
    await mock_api.hold("/feeds/*/*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /feeds/*", times=3)
        await clock.advance(3600)
        log = await mock_api.log(settled=False)
        assert [entry.ending for entry in log] == [None] * 3
        assert program.output == ""
        await mock_api.release("/feeds/*/*")


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


# Python only: JavaScript has no group that holds the reader, too.
async def test_an_error_of_the_reader_comes_in_a_group(
    mock_api, client
):
    with pytest.raises(ExceptionGroup) as raised:
        async with merge(client) as lines:
            await anext(lines)
            raise ZeroDivisionError
    assert raised.group_contains(ZeroDivisionError)


# What the language does, without the program.


async def test_an_event_may_have_an_id(mock_api, client):
    await mock_api.answer(
        "/feeds/news",
        headers={"Content-Type": "text/event-stream"},
        body="retry: 3000\nid: 7\ndata: A cat sleeps\n\n",
    )
    async with aconnect_sse(client, "GET", "/feeds/news") as source:
        [event] = [event async for event in source.aiter_sse()]
    assert (event.id, event.retry) == ("7", 3000)


async def test_a_connection_that_breaks_is_an_error(mock_api):
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        with pytest.raises(
            httpx.RemoteProtocolError,
            match=r"peer closed connection without sending complete "
            r"message body \(incomplete chunked read\)",
        ):
            await client.get("/feeds/sport")


async def test_a_response_without_a_length_just_ends():
    async def half(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nHalf a st")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(half, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx.AsyncClient() as client:
        response = await client.get(f"http://127.0.0.1:{port}/")
        assert response.text == "Half a st"


# Python only: a JavaScript write waits until somebody reads.
async def test_a_put_waits_for_room():
    queue = asyncio.Queue[int](maxsize=1)
    await queue.put(1)
    second = asyncio.create_task(queue.put(2))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not second.done()
    assert await queue.get() == 1
    await second


# Python only: a JavaScript stream has other words for it.
async def test_a_full_queue_and_an_empty_one():
    def name(error):
        return f"{type(error).__module__}.{type(error).__qualname__}"

    queue = asyncio.Queue[int](maxsize=1)
    queue.put_nowait(1)
    with pytest.raises(asyncio.QueueFull) as full:
        queue.put_nowait(2)
    assert name(full.value) == "asyncio.queues.QueueFull"
    assert queue.get_nowait() == 1
    with pytest.raises(asyncio.QueueEmpty) as empty:
        queue.get_nowait()
    assert name(empty.value) == "asyncio.queues.QueueEmpty"


# Python only: enqueue of a JavaScript stream never waits, either.
async def test_a_queue_without_a_size_takes_all():
    queue = asyncio.Queue[int]()
    for number in range(10_000):
        queue.put_nowait(number)
    assert queue.qsize() == 10_000

import asyncio

import httpx
import pytest

from helpers import printed, running
from uses.many_sources import ask, main, pause

ROWS = [
    "temperature: 18.5 °C",
    "traffic: 1280 cars/h",
    "wind: 4.2 m/s",
    "snow: no value (500)",
    "ozone: 48 µg/m³",
    "noise: 54 dB",
]
BODIES = [
    "<p>Hello</p>",
    "{}",
    "[]",
    "null",
    '{"value": 1}',
    '{"unit": "m/s"}',
]


async def test_never_more_than_three_are_in_flight(mock_api, client):
    await mock_api.hold("/sources/*")
    async with running(main(mock_api.url)):
        await mock_api.saw("GET /sources/*", times=3)
        # Whatever the program sends, too, is here before this.
        await client.get("/data")
        log = await mock_api.log(settled=False)
        assert [entry.in_flight for entry in log] == [1, 2, 3, 4]
        assert log[-1].path == "/data"
        await mock_api.release("/sources/*")
    # Six sources, and the busy one twice.
    assert len(await mock_api.log()) == 8


async def test_the_table_keeps_the_order_of_the_list(mock_api):
    await mock_api.hold("/sources/temperature")
    async with running(main(mock_api.url)) as program:
        await mock_api.ended("GET /sources/noise")
        await mock_api.release("/sources/temperature")
    assert program.lines == ROWS


async def test_a_busy_source_is_asked_again(mock_api):
    assert ROWS[1] in await printed(main(mock_api.url))
    traffic = [
        entry.status
        for entry in await mock_api.log()
        if entry.path == "/sources/traffic"
    ]
    assert traffic == [503, 200]


@pytest.mark.parametrize("status", [429, 503])
async def test_after_three_tries_it_gives_up(
    mock_api, client, clock, status
):
    html = {"Content-Type": "text/html"}
    await mock_api.answer(
        "/sources/*", status=status, headers=html, body="<p>Busy</p>"
    )
    slots = asyncio.Semaphore(1)
    asking = asyncio.create_task(ask(client, slots, "noise"))
    await mock_api.ended("GET /sources/noise")
    while len(await mock_api.log()) < 3:
        assert not asking.done()
        await clock.advance(0.1)
    # It does not pause after the last one.
    assert await asking == f"noise: no value ({status})"
    assert len(await mock_api.log()) == 3


async def test_a_lost_connection_is_asked_again(mock_api):
    await mock_api.drop("/sources/wind")
    lines = (await printed(main(mock_api.url))).splitlines()
    assert lines[2] == "wind: no value (no answer)"
    assert lines[:2] + lines[3:] == ROWS[:2] + ROWS[3:]
    paths = [entry.path for entry in await mock_api.log()]
    assert paths.count("/sources/wind") == 3


@pytest.mark.parametrize("body", BODIES)
async def test_a_bad_answer_costs_one_row(mock_api, body):
    await mock_api.answer("/sources/wind", body=body)
    lines = (await printed(main(mock_api.url))).splitlines()
    assert lines[2].startswith("wind: no value (")
    assert lines[:2] + lines[3:] == ROWS[:2] + ROWS[3:]


async def test_broken_compression_costs_one_row(mock_api):
    await mock_api.answer(
        "/sources/wind",
        headers={"Content-Encoding": "gzip"},
        body="This is not compressed.",
    )
    lines = (await printed(main(mock_api.url))).splitlines()
    assert lines[2] == "wind: no value (no answer)"
    assert lines[:2] + lines[3:] == ROWS[:2] + ROWS[3:]


async def test_what_is_broken_is_asked_once(mock_api):
    await printed(main(mock_api.url))
    paths = [entry.path for entry in await mock_api.log()]
    assert paths.count("/sources/snow") == 1


async def test_a_long_pause_is_not_waited_for(mock_api, client):
    slots = asyncio.Semaphore(1)
    for retry_after in [
        "6",
        "2592000",
        "Wed, 21 Oct 2099 07:28:00 GMT",
    ]:
        headers = {"Retry-After": retry_after}
        await mock_api.answer("/sources/*", status=503, headers=headers)
        row = await ask(client, slots, "wind")
        assert row == "wind: no value (503)"
    assert len(await mock_api.log()) == 3


async def test_the_server_says_when_to_try_again(
    mock_api, client, clock
):
    await mock_api.answer(
        "/sources/*", status=503, headers={"Retry-After": "5"}
    )
    slots = asyncio.Semaphore(1)
    asking = asyncio.create_task(ask(client, slots, "wind"))
    await mock_api.ended("GET /sources/wind")
    # The slot is free while it pauses.
    async with slots:
        await clock.advance(4.9)
    assert len(await mock_api.log()) == 1
    await mock_api.answer("/sources/*", body="{}")
    while not asking.done():
        await clock.advance(0.1)
        await mock_api.log()
    assert len(await mock_api.log()) == 2


def test_pauses_double_and_differ():
    pauses = {pause(None, 1) for _ in range(20)}
    assert len(pauses) > 1
    assert 0.1 <= min(pauses) <= max(pauses) <= 0.2
    assert 0.2 <= pause("", 2) <= 0.4
    # Never sooner than its own pause.
    assert pause("0", 1) >= 0.1
    assert pause("3", 1) == 3


async def test_a_silent_source_has_two_seconds(mock_api, client, clock):
    await mock_api.hold("/sources/wind")
    slots = asyncio.Semaphore(1)
    asking = asyncio.create_task(ask(client, slots, "wind"))
    await mock_api.saw("GET /sources/wind")
    await clock.advance(1.999)
    [held] = await mock_api.log(settled=False)
    assert held.ending is None
    await clock.advance(0.001)
    [given_up] = await mock_api.log()
    assert given_up.ending == "client hung up"
    await mock_api.release("/sources/wind")
    while not asking.done():
        await clock.advance(0.1)
        await mock_api.log()
    assert await asking == "wind: 4.2 m/s"


# What the language does, without the program.


# Python only: a JavaScript promise is work that has begun.
async def test_a_coroutine_has_not_begun(mock_api, client):
    slots = asyncio.Semaphore(1)
    asking = ask(client, slots, "ozone")
    await client.get("/data")
    await asking
    paths = [entry.path for entry in await mock_api.log()]
    assert paths == ["/data", "/sources/ozone"]


async def test_a_post_sent_twice_makes_two(client):
    post = {"title": "Hello", "body": "Hi."}
    new = {**post, "author_id": 1}
    ids = []
    for _ in range(2):
        await client.put("/posts/1", json=post)
        ids.append((await client.post("/posts", json=new)).json()["id"])
    assert ids == [11, 12]
    # The two PUT have changed one post.
    assert (await client.get("/posts/1")).json()["title"] == "Hello"


# Python only: JavaScript has no semaphore.
async def test_a_bounded_semaphore_counts():
    slots = asyncio.BoundedSemaphore(3)
    with pytest.raises(ValueError, match="released too many") as raised:
        slots.release()
    assert str(raised.value) == (
        "BoundedSemaphore released too many times"
    )
    # A plain one takes it for a fourth slot.
    plain = asyncio.Semaphore(3)
    plain.release()
    for _ in range(4):
        await plain.acquire()


# Python only: fetch has no such limit for waiting requests.
async def test_the_pool_of_httpx_is_a_limit_too(mock_api, clock):
    await mock_api.hold("/data")
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        calls = [client.get("/data") for _ in range(101)]
        asking = asyncio.gather(*calls, return_exceptions=True)
        await mock_api.saw("GET /data", times=100)
        await clock.advance(5)
        errors = [type(error) for error in await asking]
    assert errors.count(httpx.ReadTimeout) == 100
    assert errors.count(httpx.PoolTimeout) == 1
    # The last one has not left the program.
    assert len(await mock_api.log()) == 100

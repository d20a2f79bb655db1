"""The helpers do what their names say."""

import asyncio
import time

import httpx
import pytest


async def test_the_clock_stands_still(clock):
    began = asyncio.get_running_loop().time()
    ran: list[str] = []
    asyncio.get_running_loop().call_later(0.001, ran.append, "timer")
    time.sleep(0.01)  # noqa: ASYNC251 Real time goes on.
    await clock.advance(0)
    assert ran == []
    assert asyncio.get_running_loop().time() == began


async def test_what_is_due_runs_in_order_before_advance_returns(clock):
    loop = asyncio.get_running_loop()
    began = loop.time()
    ran = []

    async def work(name, *seconds):
        for pause in seconds:
            await asyncio.sleep(pause)
            ran.append((name, round(loop.time() - began, 3)))

    async with asyncio.TaskGroup() as group:
        group.create_task(work("one", 1, 1, 1))
        group.create_task(work("other", 1.5))
        await clock.advance(2.999)
        assert ran == [("one", 1), ("other", 1.5), ("one", 2)]
        await clock.advance(0.001)
        assert ran[3:] == [("one", 3)]


async def test_a_limit_ends_the_work_when_the_clock_has_come_there(
    mock_api, client, clock
):
    async def limited():
        async with asyncio.timeout(3):
            await client.get("/data")

    await mock_api.hold("/data")
    asking = asyncio.create_task(limited())
    await mock_api.saw("GET /data")
    await clock.advance(2.999)
    assert not asking.done()
    await clock.advance(0.001)
    with pytest.raises(TimeoutError):
        await asking
    [entry] = await mock_api.log()
    assert entry.ending == "client hung up"


async def test_the_clock_is_also_the_one_of_httpx(mock_api, clock):
    await mock_api.hold("/data")
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        asking = asyncio.create_task(client.get("/data"))
        await mock_api.saw("GET /data")
        await clock.advance(4.9)
        assert not asking.done()
        await clock.advance(0.1)
        with pytest.raises(httpx.ReadTimeout):
            await asking


async def test_a_program_that_always_gives_way_does_not_stop_the_clock(
    clock,
):
    fired = asyncio.Event()
    asyncio.get_running_loop().call_later(3, fired.set)

    async def give_way():
        while not fired.is_set():  # noqa: ASYNC110 On purpose.
            await asyncio.sleep(0)

    giving_way = asyncio.create_task(give_way())
    await clock.advance(3)
    await giving_way

import asyncio

import httpx

from helpers import printed, running
from uses.many_sources import ask, main, pause


async def test_never_more_than_four_are_in_flight(mock_api):
    await mock_api.hold("/sources/*")
    async with running(main(mock_api.url)):
        await mock_api.saw("GET /sources/*", times=4)
        log = await mock_api.log(settled=False)
        assert [entry.in_flight for entry in log] == [1, 2, 3, 4]
        await mock_api.release("/sources/*")
    log = await mock_api.log()
    assert max(entry.in_flight for entry in log) == 4
    assert len(log) == 13


async def test_without_a_limit_all_are_in_flight_at_once(mock_api):
    await mock_api.rendezvous("/sources/ozone", 12)
    slots = asyncio.Semaphore(12)
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        asking = [ask(client, slots, "ozone") for _ in range(12)]
        await asyncio.gather(*asking)
    log = await mock_api.log()
    assert max(entry.in_flight for entry in log) == 12
    assert {entry.status for entry in log} == {200}


async def test_a_limit_of_one_is_one_after_another(mock_api):
    slots = asyncio.Semaphore(1)
    names = ["ozone", "noise", "wind"]
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        asking = [ask(client, slots, name) for name in names]
        await asyncio.gather(*asking)
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1, 1, 1]
    assert [entry.path for entry in log] == [
        f"/sources/{name}" for name in names
    ]


# Python only: a JavaScript promise is work that has begun.
async def test_a_coroutine_has_not_begun(mock_api):
    slots = asyncio.Semaphore(1)
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        asking = ask(client, slots, "ozone")
        await client.get("/data")
        await asking
    paths = [entry.path for entry in await mock_api.log()]
    assert paths == ["/data", "/sources/ozone"]


async def test_the_table_keeps_the_order_of_the_list(mock_api):
    await mock_api.hold("/sources/temperature")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /sources/noise")
        await mock_api.release("/sources/temperature")
    header, first, *_, last = program.lines
    assert header == "source       value  unit       tries"
    assert first == "temperature   18.5  °C             1"
    assert last == "noise           54  dB             1"


async def test_a_busy_source_is_asked_again(mock_api):
    output = await printed(main(mock_api.url))
    assert "traffic       1280  cars/h         2\n" in output
    traffic = [
        entry.status
        for entry in await mock_api.log()
        if entry.path == "/sources/traffic"
    ]
    assert traffic == [503, 200]


async def test_after_three_tries_it_gives_up(mock_api):
    await mock_api.fail("/sources/noise", [503, 503, 503])
    output = await printed(main(mock_api.url))
    assert "noise            -  HTTP 503       3\n" in output


async def test_a_failure_costs_one_row(mock_api):
    await mock_api.drop("/sources/wind")
    lines = (await printed(main(mock_api.url))).splitlines()
    assert len(lines) == 13
    assert [line for line in lines if " - " in line] == [
        "wind             -  no answer      1",
        "snow             -  HTTP 500       1",
    ]
    # Only what says that it is busy is asked again.
    paths = [entry.path for entry in await mock_api.log()]
    assert paths.count("/sources/wind") == 1
    assert paths.count("/sources/snow") == 1


async def asked(limit: int, busy: dict[str, httpx.Response]):
    """The order of requests where two sources are busy at first."""
    order = []

    def answer(request):
        name = request.url.path.rpartition("/")[2]
        order.append(name)
        if name in busy:
            return busy.pop(name)
        source = {"name": name, "value": 1, "unit": "m"}
        return httpx.Response(200, json=source)

    slots = asyncio.Semaphore(limit)
    async with httpx.AsyncClient(
        base_url="http://any", transport=httpx.MockTransport(answer)
    ) as client:
        await asyncio.gather(
            ask(client, slots, "a"), ask(client, slots, "b")
        )
    return order


async def test_the_server_says_when_to_try_again():
    soon = httpx.Response(503, headers={"Retry-After": "0"})
    busy = {"a": httpx.Response(503), "b": soon}
    assert await asked(2, busy) == ["a", "b", "b", "a"]
    assert pause("7", 1) == 7
    assert pause(None, 2) == 2 * pause(None, 1)


async def test_a_pause_takes_no_slot():
    soon = httpx.Response(503, headers={"Retry-After": "0"})
    busy = {"a": httpx.Response(503), "b": soon}
    assert await asked(1, busy) == ["a", "b", "b", "a"]

import asyncio

import httpx
import pytest

from combining.limit_concurrency import get_name, get_names, main
from helpers import running


def counted(taken):
    """A hundred users, and how many have been taken so far."""
    for n in range(100):
        taken.append(n)
        yield 1


async def test_three_are_in_flight_and_no_more(mock_api, client):
    await mock_api.hold("/users/*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/*", times=3)
        # A fourth user would be there before this request.
        await client.get("/data")
        log = await mock_api.log(settled=False)
        assert [e.in_flight for e in log] == [1, 2, 3, 4]
        assert log[3].path == "/data"
        await mock_api.release("/users/*")
    assert program.output == (
        "5 names, 3 at a time\nAlan, Ada, Grace, Edsger, Barbara\n"
    )
    users = [e for e in await mock_api.log() if e.path != "/data"]
    assert len(users) == 5
    assert max(e.in_flight for e in users) == 3


async def test_the_next_starts_when_one_ends(mock_api, client):
    await mock_api.hold("/users/3")
    await mock_api.hold("/users/1")
    users = [3, 1, *[2] * 20]
    names = asyncio.create_task(get_names(client, users))
    # Twenty go through one slot. Nothing spreads them over time.
    await mock_api.saw("GET /users/2", times=20)
    await mock_api.release("/users/*")
    assert await names == ["Alan", "Ada", *["Grace"] * 20]
    assert max(e.in_flight for e in await mock_api.log()) == 3


async def test_the_names_keep_their_order(mock_api, client):
    await mock_api.hold("/users/3")
    names = asyncio.create_task(get_names(client, [3, 1, 2]))
    await mock_api.saw("GET /users/2")
    await mock_api.release("/users/3")
    assert await names == ["Alan", "Ada", "Grace"]


async def test_no_users_no_names(client):
    assert await get_names(client, []) == []


async def test_the_whole_list_is_taken_at_once(mock_api, client):
    taken: list[int] = []
    users = counted(taken)
    await mock_api.hold("/users/1")
    names = asyncio.create_task(get_names(client, users))
    await mock_api.saw("GET /users/1", times=3)
    assert len(taken) == 100
    assert len(await mock_api.log(settled=False)) == 3
    await mock_api.release("/users/1")
    await names


async def test_two_limits_of_three_allow_six(mock_api, client):
    # Each waits until six are in flight: with three, none is answered.
    await mock_api.rendezvous("/users/*", 6)
    await asyncio.gather(
        get_names(client, [1, 1, 1]), get_names(client, [2, 2, 2])
    )
    assert max(e.in_flight for e in await mock_api.log()) == 6


async def test_a_failure_stops_the_rest(mock_api, client):
    await mock_api.hold("/users/3")
    await mock_api.hold("/users/2")
    await mock_api.fail("/users/1", [503])
    before = asyncio.all_tasks()
    with pytest.raises(ExceptionGroup) as raised:
        await get_names(client, [3, 1, 2, *[4] * 50])
    assert raised.group_contains(httpx.HTTPStatusError)
    assert asyncio.all_tasks() == before
    assert await mock_api.endings() == {
        "/users/3": "client hung up",
        "/users/1": "completed",
        "/users/2": "client hung up",
    }


async def test_a_failure_frees_its_slot(mock_api, client):
    await mock_api.fail("/users/1", [503])
    slots = asyncio.Semaphore(1)
    with pytest.raises(httpx.HTTPStatusError):
        await get_name(client, slots, 1)
    assert await get_name(client, slots, 2) == "Grace"


# What the language does, without the program.


# Python only: JavaScript has Promise.all for it.
async def test_gather_goes_on_after_a_failure(mock_api, client):
    await mock_api.hold("/users/2")
    await mock_api.fail("/users/1", [503])
    slots = asyncio.Semaphore(1)
    tasks = [
        asyncio.create_task(get_name(client, slots, user))
        for user in [1, 2, 3]
    ]
    with pytest.raises(httpx.HTTPStatusError):
        await asyncio.gather(*tasks)
    # The error is here, and the next requests are still sent.
    await mock_api.saw("GET /users/2")
    await mock_api.release("/users/2")
    assert await tasks[2] == "Alan"


async def test_workers_take_from_the_list_as_they_go(mock_api, client):
    await mock_api.hold("/users/1")
    taken: list[int] = []
    users = counted(taken)

    async def work():
        for user in users:
            await client.get(f"/users/{user}")

    workers = [asyncio.create_task(work()) for _ in range(3)]
    await mock_api.saw("GET /users/1", times=3)
    assert taken == [0, 1, 2]
    await mock_api.release("/users/1")
    await asyncio.gather(*workers)
    assert len(await mock_api.log()) == 100


# Python only: a JavaScript call has begun.
async def test_a_coroutine_waits_to_be_started(mock_api, client):
    slots = asyncio.Semaphore(3)
    asking = get_name(client, slots, 1)
    await client.get("/data")
    await asking
    paths = [e.path for e in await mock_api.log()]
    assert paths == ["/data", "/users/1"]

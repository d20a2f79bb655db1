import asyncio
import inspect

import httpx
import pytest

from basics.one_by_one_or_together import (
    get_name,
    main,
    one_by_one,
    together,
)
from helpers import printed, running

NAMES = ["Alan", "Ada", "Grace"]
PATHS = ["/users/3", "/users/1", "/users/2"]


async def test_both_ways_give_the_same_names(mock_api):
    assert await printed(main(mock_api.url)) == (
        "One by one: Alan, Ada, Grace\nTogether: Alan, Ada, Grace\n"
    )


async def test_main_asks_one_by_one_then_together(mock_api):
    await mock_api.delay("/users/*", 0.05)
    await mock_api.hold("/users/2")
    async with running(main(mock_api.url)):
        await mock_api.saw("GET /users/2")
        # The last of the first three. Now hold the first of the others.
        await mock_api.hold("/users/3")
        await mock_api.release("/users/2")
        await mock_api.saw("GET /users/*", times=6)
        await mock_api.release("/users/3")
    log = await mock_api.log()
    assert [entry.path for entry in log[:3]] == PATHS
    assert [entry.in_flight for entry in log[:3]] == [1, 1, 1]


async def test_one_by_one_never_has_two_requests_in_flight(
    mock_api, client
):
    await mock_api.delay("/users/*", 0.05)
    assert await one_by_one(client) == NAMES
    log = await mock_api.log()
    assert [entry.path for entry in log] == PATHS
    assert [entry.in_flight for entry in log] == [1, 1, 1]


async def test_together_has_all_three_in_flight(mock_api, client):
    await mock_api.rendezvous("/users/*", 3)
    assert await together(client) == NAMES
    log = await mock_api.log()
    assert sorted(entry.path for entry in log) == sorted(PATHS)
    assert [entry.in_flight for entry in log] == [1, 2, 3]


async def test_together_takes_as_long_as_the_slowest(mock_api, client):
    await mock_api.hold("/users/*")
    names = asyncio.create_task(together(client))
    await mock_api.saw("GET /users/*", times=3)
    await mock_api.release("/users/1")
    await mock_api.release("/users/2")
    assert not names.done()
    await mock_api.release("/users/3")
    assert await names == NAMES
    log = await mock_api.log()
    # Nothing was left to start when the first answer came.
    assert max(entry.started_event for entry in log) < min(
        entry.ended_event for entry in log
    )
    slowest = max(log, key=lambda entry: entry.ended_event)
    assert slowest.path == "/users/3"


async def test_results_stand_in_the_order_asked_for(mock_api, client):
    await mock_api.hold("/users/*")
    names = asyncio.create_task(together(client))
    await mock_api.saw("GET /users/*", times=3)
    for path in reversed(PATHS):
        await mock_api.release(path)
    assert await names == NAMES
    log = await mock_api.log()
    log.sort(key=lambda entry: entry.ended_event)
    assert [entry.path for entry in log] == PATHS[::-1]


async def test_one_failed_request_fails_them_all(mock_api, client):
    await mock_api.hold("/users/2")
    await mock_api.fail("/users/2", [503])
    names = asyncio.create_task(together(client))
    for path in PATHS[:2]:
        await mock_api.ended(path)
    await mock_api.release("/users/2")
    with pytest.raises(httpx.HTTPStatusError):
        await names


async def test_nothing_to_ask(mock_api):
    assert await asyncio.gather() == []
    assert await mock_api.log() == []


# What the language does, without the program.


async def test_a_filter_without_await_keeps_everyone(client):
    async def is_ada(user_id):
        return await get_name(client, user_id) == "Ada"

    unasked = [is_ada(user_id) for user_id in (1, 2, 3)]
    assert len(list(filter(None, unasked))) == 3
    assert all(inspect.iscoroutine(kept) for kept in unasked)
    answers = await asyncio.gather(*unasked)
    assert answers == [True, False, False]


# Python only: a JavaScript call begins its request.
async def test_called_first_and_awaited_later_is_still_one_by_one(
    mock_api, client
):
    await mock_api.delay("/users/*", 0.05)
    names = [get_name(client, user_id) for user_id in (3, 1, 2)]
    assert [await name for name in names] == NAMES
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1, 1, 1]


# Python only: in JavaScript the promises of the calls do the same.
async def test_tasks_made_first_and_awaited_later_are_together(
    mock_api, client
):
    await mock_api.rendezvous("/users/*", 3)
    names = [
        asyncio.create_task(get_name(client, user_id))
        for user_id in (3, 1, 2)
    ]
    assert [await name for name in names] == NAMES


# Python only: Node ends the process.
async def test_a_task_that_fails_early_waits_for_its_await(
    mock_api, client
):
    await mock_api.hold("/users/3")
    await mock_api.fail("/users/1", [503])
    first = asyncio.create_task(get_name(client, 3))
    second = asyncio.create_task(get_name(client, 1))
    await asyncio.wait([second])
    await mock_api.release("/users/3")
    assert await first == "Alan"
    with pytest.raises(httpx.HTTPStatusError):
        await second

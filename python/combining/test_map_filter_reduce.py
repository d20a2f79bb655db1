import asyncio
import functools
import inspect
from typing import Any

import httpx
import pytest

from combining.map_filter_reduce import (
    filter_short,
    get_name,
    main,
    map_names,
    reduce_letters,
)
from helpers import printed, run_python

USERS = [3, 1, 4]


async def test_the_program_maps_filters_and_reduces(mock_api):
    assert await printed(main(mock_api.url)) == (
        "Map: Alan, Ada, Edsger\nFilter: users 3, 1\n"
        "Reduce: 13 letters\n"
    )
    assert len(await mock_api.log()) == 9


async def test_map_has_all_requests_in_flight(mock_api, client):
    await mock_api.rendezvous("/users/*", 3)
    assert await map_names(client, USERS) == ["Alan", "Ada", "Edsger"]


async def test_filter_has_all_requests_in_flight(mock_api, client):
    await mock_api.rendezvous("/users/*", 4)
    assert await filter_short(client, [*USERS, 2]) == [3, 1]


async def test_reduce_asks_one_by_one(mock_api, client):
    await mock_api.delay("/users/*", 0.02)
    assert await reduce_letters(client, USERS) == 13
    log = await mock_api.log()
    assert [e.path for e in log] == ["/users/3", "/users/1", "/users/4"]
    assert [e.in_flight for e in log] == [1, 1, 1]


async def test_the_names_keep_the_order_of_the_list(mock_api, client):
    await mock_api.hold("/users/3")
    names = asyncio.create_task(map_names(client, USERS))
    await mock_api.ended("/users/4")
    await mock_api.release("/users/3")
    assert await names == ["Alan", "Ada", "Edsger"]


async def test_an_empty_list_asks_nobody(mock_api, client):
    assert await map_names(client, []) == []
    assert await filter_short(client, []) == []
    assert await reduce_letters(client, []) == 0
    assert await mock_api.log() == []


async def test_one_failure_fails_the_whole_map(mock_api, client):
    await mock_api.fail("/users/1", [503])
    with pytest.raises(httpx.HTTPStatusError):
        await map_names(client, USERS)


# What the language does, without the program.


async def is_short(user):
    await asyncio.sleep(0)
    return user < 2


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
async def test_a_filter_keeps_everything():
    assert list(filter(is_short, USERS)) == USERS
    assert [
        user
        for user in USERS
        if is_short(user)  # type: ignore[truthy-bool]
    ] == USERS
    # With await it chooses.
    assert [user for user in USERS if await is_short(user)] == [1]


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
async def test_some_and_every_say_yes():
    assert any(is_short(user) for user in [3, 4])
    assert all(is_short(user) for user in [3, 4])
    # With await they ask.
    assert not any([await is_short(user) for user in [3, 4]])


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
async def test_a_sort_cannot_wait():
    message = (
        "TypeError: '<' not supported between instances of"
        " 'coroutine' and 'coroutine'"
    )
    key: Any = is_short
    with pytest.raises(TypeError) as raised:
        sorted(USERS, key=key)
    assert f"{type(raised.value).__name__}: {raised.value}" == message


async def test_a_map_without_a_wait_gives_no_values(client):
    mapped: list[Any] = [get_name(client, user) for user in USERS]
    assert all(inspect.iscoroutine(name) for name in mapped)
    with pytest.raises(TypeError) as raised:
        ", ".join(mapped)
    message = (
        "TypeError: sequence item 0: expected str instance,"
        " coroutine found"
    )
    assert f"{type(raised.value).__name__}: {raised.value}" == message
    for name in mapped:
        name.close()


async def test_a_loop_in_the_list_goes_one_by_one(mock_api, client):
    await mock_api.delay("/users/*", 0.02)
    names = [await get_name(client, user) for user in USERS]
    assert names == ["Alan", "Ada", "Edsger"]
    assert [e.in_flight for e in await mock_api.log()] == [1, 1, 1]


async def test_a_reduce_whose_sum_has_to_be_awaited():
    async def step(letters, user):
        return await letters + user

    async def none():
        return 0

    assert await functools.reduce(step, USERS, none()) == 8


async def test_a_reduce_that_forgets_to_await_its_sum():
    code = """
        import asyncio, functools
        async def step(letters, user):
            return letters + user
        async def main():
            print(await functools.reduce(step, [3, 1], 0))
        asyncio.run(main())"""
    ended = await run_python("-c", inspect.cleandoc(code))
    assert (
        "TypeError: unsupported operand type(s) for +: 'coroutine'"
        " and 'int'" in ended.stderr
    )

import asyncio
import sys
import threading
from typing import Any

import httpx
import pytest

from helpers import printed
from parallelism.one_thread import (
    Album,
    add_across,
    add_after,
    add_locked,
    count,
    main,
)


async def in_flight(mock_api):
    return [entry.in_flight for entry in await mock_api.log()]


async def test_the_three_ways_are_counted(mock_api):
    await mock_api.delay("*", 0.05)
    assert await printed(main(mock_api.url)) == (
        "Across: 1 of 3\nAfter: 3 of 3\nLocked: 3 of 3\n"
    )
    # The last three have the lock.
    assert (await in_flight(mock_api))[6:] == [1, 1, 1]


async def test_an_update_across_an_await_is_lost(mock_api, client):
    await mock_api.rendezvous("/users/*/picture", 3)
    assert await count(Album(client), add_across) == ("1 of 3")
    assert await in_flight(mock_api) == [1, 2, 3]


async def test_awaiting_first_loses_nothing(mock_api, client):
    await mock_api.rendezvous("/users/*/picture", 3)
    assert await count(Album(client), add_after) == ("3 of 3")
    assert await in_flight(mock_api) == [1, 2, 3]


async def test_a_lock_lets_one_in_at_a_time(mock_api, client):
    await mock_api.delay("*", 0.05)
    assert await count(Album(client), add_locked) == ("3 of 3")
    assert await in_flight(mock_api) == [1, 1, 1]


async def test_a_failure_frees_the_lock(mock_api, client):
    await mock_api.fail("/users/1/picture", [500])
    album = Album(client)
    with pytest.raises(httpx.HTTPStatusError):
        await add_locked(album, 1)
    assert not album.lock.locked()
    await add_locked(album, 2)
    assert album.pictures == 1


# Python only: in JavaScript a lock is a name, not an object.
async def test_each_album_has_a_lock_of_its_own(mock_api, client):
    await mock_api.rendezvous("/users/*/picture", 2)
    await asyncio.gather(
        add_locked(Album(client), 1), add_locked(Album(client), 2)
    )
    assert await in_flight(mock_api) == [1, 2]


# What the language does, without the program.


async def test_they_change_places_only_at_an_await():
    steps = []

    async def work(name):
        for step in range(1000):
            steps.append(name)
            if step == 499:
                await asyncio.sleep(0)

    await asyncio.gather(work("a"), work("b"))
    half = 500
    assert "".join(steps) == (
        "a" * half + "b" * half + "a" * half + "b" * half
    )


async def test_all_tasks_run_on_one_thread():
    async def where():
        await asyncio.sleep(0)
        return threading.get_ident()

    threads = await asyncio.gather(where(), where(), where())
    assert set(threads) == {threading.get_ident()}


# Python only: a JavaScript await always lets others run.
async def test_an_await_that_need_not_wait_loses_nothing():
    total = 0

    async def one():
        return 1

    async def add():
        nonlocal total
        total += await one()

    await asyncio.gather(add(), add(), add())
    assert total == 3


# Python only: a JavaScript lock is held while a function runs.
async def test_a_lock_needs_async_with():
    lock: Any = asyncio.Lock()
    with pytest.raises(TypeError) as raised, lock:
        pass
    if sys.version_info < (3, 14):
        assert str(raised.value) == (
            "'Lock' object does not support the context manager "
            "protocol"
        )
    else:
        assert "Did you mean to use 'async with'?" in str(raised.value)
    with pytest.raises(RuntimeError, match=r"^Lock is not acquired\.$"):
        lock.release()

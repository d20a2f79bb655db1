import asyncio
import re
import sys

import pytest

from basics.errors import (
    get_json,
    stop_the_rest,
    wait_for_all,
    wait_for_each,
)
from helpers import run_python

NOBODY_AWAITS = """
import asyncio, gc, sys

async def fail():
    raise ValueError("no luck")

async def main():
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    print("it has failed", file=sys.stderr)
    del task
    gc.collect()
    print("the end", file=sys.stderr)

asyncio.run(main())
"""

TWO_FAIL = """
import asyncio

async def fail(text):
    raise ValueError(text)

async def main():
    try:
        await asyncio.gather(fail("first"), fail("second"))
    except ValueError as error:
        print(error)

asyncio.run(main())
"""


async def fail(text="no luck"):
    raise ValueError(text)


async def test_the_others_keep_running(mock_api, client):
    await mock_api.hold("/users/5")
    before = asyncio.all_tasks()
    assert await wait_for_all(client) == "HTTP 503"
    await mock_api.saw("GET /users/5")
    log = await mock_api.log(settled=False)
    assert {entry.path: entry.ending for entry in log} == {
        "/users/5": None,
        "/status/503": "completed",
    }
    [other] = asyncio.all_tasks() - before
    await mock_api.release("/users/5")
    assert (await other)["name"] == "Barbara"
    log = await mock_api.log()
    assert [entry.ending for entry in log] == ["completed"] * 2


async def test_the_rest_can_be_stopped(mock_api, client):
    await mock_api.hold("*")
    before = asyncio.all_tasks()
    outcome = asyncio.create_task(stop_the_rest(client))
    await mock_api.saw("GET /users/5")
    await mock_api.saw("GET /status/503")
    await mock_api.release("/status/503")
    assert await outcome == "one failed, the rest is stopped"
    assert asyncio.all_tasks() == before
    log = await mock_api.log()
    assert {entry.path: entry.ending for entry in log} == {
        "/users/5": "client hung up",
        "/status/503": "completed",
    }


async def test_every_outcome_is_kept(mock_api, client):
    assert await wait_for_each(client) == "1 of 2 failed"
    await mock_api.fail("/users/5", [500])
    assert await wait_for_each(client) == "2 of 2 failed"


async def test_the_second_failure_vanishes():
    ended = await run_python("-c", TWO_FAIL)
    assert ended.stdout == "first\n"
    assert (ended.code, ended.stderr) == (0, "")


# Python only: JavaScript has no such group.
async def test_a_task_group_keeps_every_failure():
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("first"))
            group.create_task(fail("second"))
    errors = [str(error) for error in raised.value.exceptions]
    assert errors == ["first", "second"]


# Python only: JavaScript has no such group.
async def test_a_task_group_can_be_stopped_from_3_15_on(
    mock_api, client
):
    await mock_api.hold("/users/5")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(get_json(client, "/users/5"))
        await mock_api.saw("GET /users/5")
        if sys.version_info >= (3, 15):
            group.cancel()
        else:
            assert not hasattr(group, "cancel")
            task.cancel()
    assert task.cancelled()
    [entry] = await mock_api.log()
    assert entry.ending == "client hung up"


# Python only: Node ends the process.
async def test_a_failure_that_nobody_awaits_is_logged():
    ended = await run_python("-c", NOBODY_AWAITS)
    assert ended.code == 0
    assert re.fullmatch(
        r"it has failed\n"
        r"Task exception was never retrieved\n"
        r".*ValueError: no luck\n"
        r"the end\n",
        ended.stderr,
        re.DOTALL,
    )


async def test_a_try_holds_only_what_it_awaits():
    async def with_await():
        try:
            return await fail()
        except ValueError:
            return "caught"

    async def without_await():
        try:
            return fail()
        except ValueError:
            return "caught"

    assert await with_await() == "caught"
    not_started = await without_await()
    assert asyncio.iscoroutine(not_started)
    with pytest.raises(ValueError, match="no luck"):
        await not_started


async def test_nothing_to_wait_for():
    assert await asyncio.gather() == []
    assert await asyncio.gather(return_exceptions=True) == []
    assert list(asyncio.as_completed([])) == []
    with pytest.raises(ValueError, match="empty"):
        await asyncio.wait([])

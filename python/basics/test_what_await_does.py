import asyncio
import sys
from functools import lru_cache
from typing import Any

import httpx
import pytest

from basics.what_await_does import (
    get_cached,
    get_json,
    main,
    others_run,
)
from helpers import printed, running


async def test_everything_is_reported(mock_api):
    assert await printed(main(mock_api.url)) == (
        "Do others run while we await\n"
        "- a request? yes\n"
        "- a cached answer? no\n"
        "- a pause of 0? yes\n"
        "Awaited: Ada\n"
        "Awaited again: RuntimeError: "
        "cannot reuse already awaited coroutine\n"
    )
    paths = [entry.path for entry in await mock_api.log()]
    assert paths == ["/data", "/users/1"]


async def test_only_the_function_that_awaits_stops(mock_api, client):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /data")
        # main waits for the held answer, and we do not.
        user = await get_json(client, "/users/2")
        assert user["name"] == "Grace"
        assert program.lines == ["Do others run while we await"]
        await mock_api.release("/data")
    assert program.lines[1] == "- a request? yes"


async def test_whoever_awaits_it_stops_as_well(mock_api, client):
    async def outer():
        return await inner()

    async def inner():
        return await get_json(client, "/data")

    await mock_api.hold("/data")
    task = asyncio.create_task(outer())
    await mock_api.saw("GET /data")
    assert not task.done()
    await mock_api.release("/data")
    assert await task == {"message": "Hello from the mock API"}


async def test_await_raises_what_the_function_raised(mock_api):
    await mock_api.fail("/data", [500])
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        async with running(main(mock_api.url)) as program:
            pass
    assert program.lines == ["Do others run while we await"]


# What the language does, without the program.


# Python only: in JavaScript every await lets others run.
async def test_an_await_that_need_not_wait_lets_nobody_run():
    finished = asyncio.get_running_loop().create_future()
    finished.set_result("already")
    event = asyncio.Event()
    event.set()
    queue: asyncio.Queue[str] = asyncio.Queue()
    queue.put_nowait("item")
    for awaitable in [
        get_cached(),
        finished,
        event.wait(),
        queue.get(),
        asyncio.Lock().acquire(),
        asyncio.Semaphore().acquire(),
        asyncio.gather(),
    ]:
        assert await others_run(awaitable) == "no"
    # A task of its own and sleep(0) do.
    task = asyncio.create_task(get_cached())
    assert await others_run(task) == "yes"
    assert await others_run(asyncio.sleep(0)) == "yes"


# Python only: in JavaScript every await lets others run.
async def test_an_eager_task_that_need_not_wait_lets_nobody_run():
    if sys.version_info >= (3, 12):
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        try:
            task = asyncio.create_task(get_cached())
            assert await others_run(task) == "no"
        finally:
            loop.set_task_factory(None)
    else:
        assert not hasattr(asyncio, "eager_task_factory")


async def test_a_loop_of_such_awaits_holds_up_a_timer():
    loop = asyncio.get_running_loop()
    due = loop.time()
    fired: list[str] = []
    loop.call_later(0, fired.append, "timer")
    while loop.time() < due + 0.01:
        await get_cached()
    assert fired == []
    # In one turn the timer is found due, in the next it is called.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert fired == ["timer"]


async def test_awaiting_a_number():
    number: Any = 1
    with pytest.raises(TypeError) as refused:
        await number
    if sys.version_info >= (3, 14):
        text = "TypeError: 'int' object can't be awaited"
    else:
        text = (
            "TypeError: object int can't be used in 'await' expression"
        )
    assert f"TypeError: {refused.value}" == text


# Python only: JavaScript gives back what was not there to be awaited.
async def test_a_function_that_is_not_async_cannot_be_awaited():
    ran: list[str] = []
    save: Any = ran.append
    with pytest.raises(TypeError) as refused:
        await save("Ada")
    if sys.version_info >= (3, 14):
        text = "TypeError: 'NoneType' object can't be awaited"
    else:
        text = (
            "TypeError: object NoneType can't be used "
            "in 'await' expression"
        )
    assert f"TypeError: {refused.value}" == text
    # It has run, though.
    assert ran == ["Ada"]


async def test_awaiting_a_list(client):
    calls: Any = [get_json(client, "/data"), get_cached()]
    with pytest.raises(TypeError) as refused:
        await calls
    if sys.version_info >= (3, 14):
        text = "TypeError: 'list' object can't be awaited"
    else:
        text = (
            "TypeError: object list can't be used in 'await' expression"
        )
    assert f"TypeError: {refused.value}" == text
    data, cached = await asyncio.gather(*calls)
    assert data == {"message": "Hello from the mock API"}
    assert cached == "Hello from the cache"


async def test_an_object_of_your_own_can_be_awaited():
    class Answer:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return 42

    assert await Answer() == 42


# Python only: JavaScript passes a function that settles the promise.
async def test_the_loop_takes_nothing_but_futures():
    class Answer:
        def __await__(self):
            yield 1

    async def ask():
        await Answer()

    with pytest.raises(RuntimeError) as refused:
        await asyncio.create_task(ask())
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: Task got bad yield: 1"
    )


# Python only: what a JavaScript call returns is a promise.
async def test_a_coroutine_can_be_awaited_only_once(mock_api, client):
    data = get_json(client, "/data")
    await data
    with pytest.raises(RuntimeError) as refused:
        await data
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: cannot reuse already awaited coroutine"
    )
    assert len(await mock_api.log()) == 1


# Python only: what a JavaScript call returns is a promise.
async def test_two_cannot_await_one_coroutine(mock_api, client):
    await mock_api.hold("/data")
    data = get_json(client, "/data")

    async def first():
        return await data

    task = asyncio.create_task(first())
    await mock_api.saw("GET /data")
    with pytest.raises(RuntimeError) as refused:
        await data
    assert f"RuntimeError: {refused.value}" == (
        "RuntimeError: coroutine is being awaited already"
    )
    await mock_api.release("/data")
    assert await task == {"message": "Hello from the mock API"}


# Python only: what a JavaScript call returns is a promise.
async def test_lru_cache_keeps_a_coroutine_that_is_used_up():
    @lru_cache
    async def get_name():
        return "Ada"

    assert await get_name() == "Ada"
    with pytest.raises(RuntimeError) as refused:
        await get_name()
    assert (
        str(refused.value) == "cannot reuse already awaited coroutine"
    )


async def test_what_runs_already_can_be_awaited_again(mock_api, client):
    data = asyncio.create_task(get_json(client, "/data"))

    async def wait():
        return await data

    first, second = await asyncio.gather(wait(), wait())
    assert first == second == await data
    assert len(await mock_api.log()) == 1


async def test_await_outside_an_async_function_is_a_syntax_error():
    for source, text in [
        (
            "def ask(): await answer",
            "SyntaxError: 'await' outside async function",
        ),
        ("await answer", "SyntaxError: 'await' outside function"),
        (
            "def ask():\n async for post in posts: pass",
            "SyntaxError: 'async for' outside async function",
        ),
        (
            "def ask():\n async with client: pass",
            "SyntaxError: 'async with' outside async function",
        ),
    ]:
        with pytest.raises(SyntaxError) as refused:
            compile(source, "file", "exec")
        assert f"SyntaxError: {refused.value.msg}" == text


async def test_a_plain_function_can_start_the_work(mock_api, client):
    def ask():
        return asyncio.create_task(get_json(client, "/data"))

    await mock_api.hold("/data")
    asking = ask()
    # The plain function has returned before the answer is there.
    await mock_api.saw("GET /data")
    assert not asking.done()
    await mock_api.release("/data")
    assert await asking == {"message": "Hello from the mock API"}

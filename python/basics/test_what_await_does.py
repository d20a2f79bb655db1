import asyncio
from functools import lru_cache
from typing import Any

import httpx
import pytest

from basics.what_await_does import (
    await_number,
    await_twice,
    get_cached,
    get_message,
    main,
    others_run,
)
from helpers import printed, running

HELLO = "Hello from the mock API"
CANNOT = "RuntimeError: cannot reuse already awaited coroutine"


async def test_everything_is_reported(mock_api):
    assert await printed(main(mock_api.url)) == (
        "Do others run while this function awaits\n"
        "- a request? yes\n"
        "- a cached answer? no\n"
        "- a pause of 0? yes\n"
        "Await the number 1: TypeError\n"
        f"Await twice: {CANNOT}\n"
    )


async def test_only_the_function_that_awaits_is_suspended(mock_api):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        # main waits for the held answer; this function does not.
        await mock_api.saw("GET /data")
        assert len(program.lines) == 1
        await mock_api.release("/data")
    assert program.lines[1] == "- a request? yes"


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


# Python only: JavaScript hands the number back.
async def test_awaiting_a_number_is_a_type_error():
    assert await await_number(1) == "TypeError"
    number: Any = 1
    with pytest.raises(TypeError):
        await number


async def test_an_object_of_our_own_can_be_awaited():
    class Answer:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return 42

    assert await Answer() == 42


# Python only: what a JavaScript call returns is a promise.
async def test_a_coroutine_can_be_awaited_only_once(mock_api):
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        assert await await_twice(get_message(client)) == CANNOT
    assert len(await mock_api.log()) == 1

    @lru_cache
    async def cached():
        return "computed"

    await cached()
    with pytest.raises(RuntimeError, match="cannot reuse already"):
        await cached()


async def test_what_runs_already_can_be_awaited_again(mock_api):
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        message = asyncio.create_task(get_message(client))
        assert await await_twice(message) == "the same"
        assert await message == HELLO
    assert len(await mock_api.log()) == 1


async def test_await_outside_an_async_function_is_a_syntax_error():
    with pytest.raises(SyntaxError, match="'await' outside async fun"):
        compile("def ask(): await answer", "file", "exec")
    with pytest.raises(SyntaxError, match="'await' outside function"):
        compile("await answer", "file", "exec")

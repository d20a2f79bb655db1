import asyncio
from typing import Any

import httpx
import pytest

from basics.promises_and_futures import (
    get_message,
    is_there,
    louder,
    main,
    settle_twice,
)
from helpers import printed


async def test_one_request_serves_every_await(mock_api):
    assert await printed(main(mock_api.url)) == (
        "There yet? no\n"
        "Awaited: Hello from the mock API\n"
        "Awaited again: Hello from the mock API\n"
        "There now? yes\n"
        "Made into another: HELLO FROM THE MOCK API\n"
        "Settled twice, it keeps the first\n"
    )
    assert len(await mock_api.log()) == 1


async def test_many_can_wait_for_the_same_result(mock_api, client):
    await mock_api.hold("/data")
    message = asyncio.create_task(get_message(client))
    readers = asyncio.gather(*[louder(message) for _ in range(3)])
    await mock_api.saw("GET /data")
    assert not readers.done()
    await mock_api.release("/data")
    assert await readers == ["HELLO FROM THE MOCK API"] * 3
    assert len(await mock_api.log()) == 1


async def test_it_is_there_when_the_answer_has_come(mock_api, client):
    await mock_api.hold("/data")
    message = asyncio.create_task(get_message(client))
    await mock_api.saw("GET /data")
    assert not is_there(message)
    await mock_api.release("/data")
    assert await message == "Hello from the mock API"
    assert is_there(message)


async def test_a_failure_is_a_result_too(mock_api, client):
    await mock_api.fail("/data", [500])
    message = asyncio.create_task(get_message(client))
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await message
    assert is_there(message)
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await louder(message)


async def test_printed_it_is_pending(capsys):
    task = asyncio.create_task(settle_twice())
    print(task)
    assert capsys.readouterr().out.startswith("<Task pending")
    await task


async def test_only_the_first_settling_counts():
    assert await settle_twice() == "the first"
    future = asyncio.get_running_loop().create_future()
    future.set_result("the first")
    with pytest.raises(
        asyncio.InvalidStateError, match="invalid state"
    ):
        future.set_result("the second")
    with pytest.raises(
        asyncio.InvalidStateError, match="invalid state"
    ):
        future.set_exception(ValueError("the third"))
    assert await future == "the first"


# Python only: a promise has no method that would settle it.
async def test_a_task_is_a_future_that_only_its_function_settles():
    task = asyncio.create_task(settle_twice())
    assert isinstance(task, asyncio.Future)
    with pytest.raises(
        RuntimeError, match="Task does not support set_result operation"
    ):
        task.set_result("the second")
    assert await task == "the first"


# Python only: nobody can ask a promise.
async def test_a_future_tells_its_state():
    future = asyncio.get_running_loop().create_future()
    assert not future.done()
    with pytest.raises(
        asyncio.InvalidStateError, match=r"Result is not set\."
    ):
        future.result()
    with pytest.raises(
        asyncio.InvalidStateError, match=r"Exception is not set\."
    ):
        future.exception()
    future.set_result("Ada")
    assert future.done()
    assert not future.cancelled()
    assert future.exception() is None
    assert future.result() == "Ada"


# Python only: then does the opposite.
async def test_what_a_done_callback_returns_is_dropped():
    given = []

    def shout(future):
        given.append(future)
        return future.result().upper()

    future = asyncio.get_running_loop().create_future()
    hang_on: Any = future.add_done_callback
    assert hang_on(shout) is None
    future.set_result("Ada")
    await asyncio.sleep(0)
    assert given == [future]
    assert await future == "Ada"


# Python only: a promise takes over the result of an inner one.
async def test_a_future_in_a_future_stays_one():
    loop = asyncio.get_running_loop()
    inner, outer = loop.create_future(), loop.create_future()
    outer.set_result(inner)
    assert await outer is inner

    async def give_inner():
        return inner

    assert await give_inner() is inner
    inner.set_result("Ada")
    assert await (await outer) == "Ada"


# Python only: a promise can be rejected with anything.
async def test_only_an_exception_can_be_the_failure():
    future = asyncio.get_running_loop().create_future()
    no_exception: Any = "no luck"
    with pytest.raises(TypeError, match="invalid exception object"):
        future.set_exception(no_exception)

    async def stop():
        future.set_exception(StopIteration())
        await future

    # The older Pythons refuse it when set, the newer when awaited.
    refused = (
        "StopIteration interacts badly with generators "
        "and cannot be raised into a Future"
    )
    with pytest.raises((TypeError, RuntimeError), match=refused):
        await stop()

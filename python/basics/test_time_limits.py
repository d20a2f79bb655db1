import asyncio
import sys
import time

import httpx
import pytest

from basics.time_limits import get_name, stop_the_work, stop_waiting


async def endings(mock_api):
    log = await mock_api.log()
    return [e.ending for e in log if e.path == "/users/5"]


async def test_the_work_goes_on_when_only_the_waiting_stops(
    mock_api, client, clock
):
    await mock_api.hold("/users/5")
    answer = asyncio.create_task(get_name(client))
    waiting = asyncio.create_task(stop_waiting(answer, 3))
    await mock_api.saw("GET /users/5")
    await clock.advance(3)
    assert await waiting == "too late"
    await mock_api.release("/users/5")
    assert await answer == "Barbara"
    assert await endings(mock_api) == ["completed"]


async def test_a_time_limit_stops_the_work(mock_api, client, clock):
    await mock_api.hold("/users/5")
    working = asyncio.create_task(stop_the_work(client, 3))
    await mock_api.saw("GET /users/5")
    await clock.advance(3)
    assert await working == "too late"
    assert await endings(mock_api) == ["client hung up"]


async def test_an_answer_in_time_is_kept(mock_api, client):
    assert await stop_the_work(client, 60) == "Barbara"
    answer = asyncio.create_task(get_name(client))
    assert await stop_waiting(answer, 60) == "Barbara"
    assert await endings(mock_api) == ["completed", "completed"]


async def test_stopping_by_hand(mock_api, client):
    await mock_api.hold("/users/5")
    answer = asyncio.create_task(get_name(client))
    await mock_api.saw("GET /users/5")
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer
    assert await endings(mock_api) == ["client hung up"]


async def test_the_name_of_the_error():
    inside = "nothing"
    with pytest.raises(TimeoutError) as raised:
        async with asyncio.timeout(0.01):
            try:
                await asyncio.sleep(10)
            except BaseException as error:
                inside = type(error).__name__
                raise
    assert inside == "CancelledError"
    assert type(raised.value) is TimeoutError
    assert asyncio.TimeoutError is TimeoutError


# Python only: fetch takes a signal, and no number of seconds.
async def test_httpx_has_a_limit_of_its_own(mock_api, client, clock):
    assert httpx.AsyncClient().timeout == httpx.Timeout(5)
    await mock_api.hold("/users/5")
    asking = asyncio.create_task(client.get("/users/5", timeout=3))
    await mock_api.saw("GET /users/5")
    await clock.advance(3)
    with pytest.raises(httpx.ReadTimeout) as raised:
        await asking
    assert not isinstance(raised.value, TimeoutError)
    assert await endings(mock_api) == ["client hung up"]


# Python only: an aborted fetch fails with an Error like any other.
async def test_except_exception_does_not_swallow_the_limit():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            try:
                await asyncio.sleep(10)
            except Exception:
                raise AssertionError("swallowed") from None


async def test_code_that_does_not_await_is_not_interrupted():
    async with asyncio.timeout(0.001) as limit:  # noqa: ASYNC100
        time.sleep(0.01)  # noqa: ASYNC251 It blocks on purpose.
    assert not limit.expired()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            time.sleep(0.01)  # noqa: ASYNC251
            await asyncio.sleep(10)


async def test_limits_out_of_range():
    began = []

    async def quick():
        began.append("quick")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(quick(), 0)
    assert began == []

    async with asyncio.timeout(10):
        await asyncio.sleep(-1000)

    if sys.version_info >= (3, 13):
        with pytest.raises(ValueError, match="NaN"):
            await asyncio.sleep(float("nan"))
    else:
        await asyncio.sleep(float("nan"))

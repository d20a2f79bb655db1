import asyncio
import sys
import time

import httpx
import pytest

from basics.time_limits import (
    get_name,
    main,
    stop_the_work,
    stop_waiting,
)
from helpers import last_line, running


async def test_one_answer_comes_after_all_the_other_is_stopped(
    mock_api, clock
):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/5")
        await clock.advance(0.199)
        assert program.lines == []
        await clock.advance(0.001)
        await program.prints("Stop waiting: too late\n")
        assert await mock_api.endings(settled=False) == {
            "/users/5": None
        }
        await mock_api.release("/users/5")
        await program.prints("The answer, after all: Barbara\n")
        await mock_api.saw("GET /users/4")
        await clock.advance(0.199)
        assert len(program.lines) == 2
        await clock.advance(0.001)
        await program.prints("Stop the work: too late\n")
        assert await mock_api.endings() == {
            "/users/5": "completed",
            "/users/4": "client hung up",
        }
        # Nobody has asked again for the answer that was late.
        assert len(await mock_api.log()) == 2


async def test_the_work_goes_on_when_only_the_waiting_stops(
    mock_api, client, clock
):
    await mock_api.hold("/users/5")
    answer = asyncio.create_task(get_name(client, "/users/5"))
    waiting = asyncio.create_task(stop_waiting(answer, 3))
    await mock_api.saw("GET /users/5")
    await clock.advance(3)
    assert await waiting == "too late"
    await mock_api.release("/users/5")
    assert await answer == "Barbara"
    assert await mock_api.endings() == {"/users/5": "completed"}


async def test_a_time_limit_stops_the_work(mock_api, client, clock):
    await mock_api.hold("/users/5")
    working = asyncio.create_task(stop_the_work(client, "/users/5", 3))
    await mock_api.saw("GET /users/5")
    await clock.advance(3)
    assert await working == "too late"
    assert await mock_api.endings() == {"/users/5": "client hung up"}


async def test_an_answer_in_time_is_kept(mock_api, client):
    assert await stop_the_work(client, "/users/4", 60) == "Edsger"
    answer = asyncio.create_task(get_name(client, "/users/5"))
    assert await stop_waiting(answer, 60) == "Barbara"
    assert await mock_api.endings() == {
        "/users/4": "completed",
        "/users/5": "completed",
    }


async def test_another_failure_is_not_called_late(mock_api, client):
    with pytest.raises(httpx.HTTPStatusError):
        await stop_the_work(client, "/status/503", 60)
    answer = asyncio.create_task(get_name(client, "/status/503"))
    with pytest.raises(httpx.HTTPStatusError):
        await stop_waiting(answer, 60)


# What the language does, without the program.


async def test_stopping_by_hand(mock_api, client):
    await mock_api.hold("/users/5")
    answer = asyncio.create_task(get_name(client, "/users/5"))
    await mock_api.saw("GET /users/5")
    answer.cancel()
    with pytest.raises(asyncio.CancelledError) as raised:
        await answer
    assert (
        last_line(raised.value) == "asyncio.exceptions.CancelledError"
    )
    assert await mock_api.endings() == {"/users/5": "client hung up"}


async def test_the_limit_stops_only_what_it_reaches(
    mock_api, client, clock
):
    await mock_api.hold("/users/*")
    tasks = []

    async def work():
        async with asyncio.timeout(3):
            request = get_name(client, "/users/5")
            # Nobody awaits this task in the block.
            tasks.append(asyncio.create_task(request))
            await get_name(client, "/users/4")

    working = asyncio.create_task(work())
    await mock_api.saw("GET /users/*", times=2)
    await clock.advance(3)
    with pytest.raises(TimeoutError):
        await working
    await mock_api.ended("/users/4")
    assert await mock_api.endings(settled=False) == {
        "/users/4": "client hung up",
        "/users/5": None,
    }
    await mock_api.release("/users/5")
    assert await tasks[0] == "Barbara"


# Python only: JavaScript has no such group.
async def test_a_group_in_the_block_passes_the_limit_on(
    mock_api, client, clock
):
    await mock_api.hold("/users/5")

    async def work():
        async with asyncio.timeout(3), asyncio.TaskGroup() as group:
            group.create_task(get_name(client, "/users/5"))

    working = asyncio.create_task(work())
    await mock_api.saw("GET /users/5")
    await clock.advance(3)
    with pytest.raises(TimeoutError):
        await working
    assert await mock_api.endings() == {"/users/5": "client hung up"}


# Python only: JavaScript has no wait_for.
async def test_wait_for_cancels_and_shield_protects(
    mock_api, client, clock
):
    await mock_api.hold("/users/*")
    one = asyncio.create_task(get_name(client, "/users/4"))
    other = asyncio.create_task(get_name(client, "/users/5"))

    async def wait():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one, 3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(other), 3)

    waiting = asyncio.create_task(wait())
    await mock_api.saw("GET /users/*", times=2)
    await clock.advance(6)
    await waiting
    assert one.cancelled()
    assert not other.done()
    await mock_api.release("/users/5")
    assert await other == "Barbara"


# Python only: JavaScript has no wait_for.
async def test_wait_for_0_starts_nothing_and_timeout_0_does():
    began = []

    async def work(name):
        began.append(name)
        await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(work("wait_for"), 0)
    assert began == []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await work("timeout")
    assert began == ["timeout"]


# Python only: JavaScript has no wait_for.
async def test_wait_for_can_lose_a_cancellation_before_3_12():
    answer = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(asyncio.wait_for(answer, 60))
    await asyncio.sleep(0)
    # Both in the same turn of the event loop.
    answer.set_result("there")
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled() == (sys.version_info >= (3, 12))


async def test_the_name_of_the_error(clock):
    inside = []

    async def work():
        async with asyncio.timeout(3):
            try:
                await asyncio.sleep(10)
            except BaseException as error:
                inside.append(error)
                raise

    working = asyncio.create_task(work())
    await clock.advance(3)
    with pytest.raises(TimeoutError) as raised:
        await working
    assert type(inside[0]) is asyncio.CancelledError
    assert last_line(raised.value) == "TimeoutError"
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
    assert last_line(raised.value) == "httpx.ReadTimeout"
    assert isinstance(raised.value, httpx.TimeoutException)
    assert not isinstance(raised.value, TimeoutError)
    assert await mock_api.endings() == {"/users/5": "client hung up"}


# Python only: a browser is steered from here, whatever runs in it.
@pytest.mark.browser
async def test_a_page_uses_the_same_names_and_other_texts(mock_api):
    from tools.browser.chromium import browser

    await mock_api.hold("/users/5")
    async with browser() as chromium:
        page = await chromium.new_page()
        heard = await page.evaluate(
            """async (url) => {
              const heard = async (signal) => {
                try {
                  await fetch(url, { signal });
                } catch (error) {
                  return `${error.name}: ${error.message}`;
                }
              };
              const stop = new AbortController();
              setTimeout(() => stop.abort(), 0);
              return [
                await heard(stop.signal),
                await heard(AbortSignal.timeout(20)),
              ];
            }""",
            f"{mock_api.url}/users/5",
        )
    assert heard == [
        "AbortError: signal is aborted without reason",
        "TimeoutError: signal timed out",
    ]


# Python only: an aborted fetch fails with an Error like any other.
async def test_except_exception_does_not_swallow_the_limit(clock):
    async def work():
        async with asyncio.timeout(3):
            try:
                await asyncio.sleep(10)
            except Exception:
                return "swallowed"

    working = asyncio.create_task(work())
    await clock.advance(3)
    with pytest.raises(TimeoutError):
        await working
    assert issubclass(asyncio.CancelledError, BaseException)
    assert not issubclass(asyncio.CancelledError, Exception)


async def test_code_that_does_not_await_is_not_interrupted():
    async def cached():
        return "cached"

    async with asyncio.timeout(0.001) as limit:
        time.sleep(0.01)  # noqa: ASYNC251 It blocks on purpose.
        # This need not wait, so nothing else runs.
        await cached()
    assert not limit.expired()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            time.sleep(0.01)  # noqa: ASYNC251
            await asyncio.sleep(10)


async def test_limits_out_of_range():
    async with asyncio.timeout(10):
        await asyncio.sleep(-1000)

    nan = asyncio.sleep(float("nan"))
    if sys.version_info >= (3, 13):
        with pytest.raises(ValueError) as raised:  # noqa: PT011
            await nan
        message = "ValueError: Invalid delay: NaN (not a number)"
        assert last_line(raised.value) == message
    else:
        await nan

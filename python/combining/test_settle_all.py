import asyncio
import gc
import inspect
from typing import Any

import httpx
import pytest

from combining.settle_all import (
    RequestError,
    describe,
    get_value,
    main,
    settle_all,
)
from helpers import printed, reported, running


async def test_all_three_are_in_flight_together(mock_api):
    # Each waits for three in flight: one by one, none is answered.
    await mock_api.rendezvous("/sources/*", 3)
    assert await printed(main(mock_api.url)) == (
        "humidity: 62 %\nsnow: HTTP 500\n"
        "temperature: 18.5 °C\n2 of 3 have a value\n"
    )
    assert len(await mock_api.log()) == 3


async def test_the_slowest_decides_when_the_list_is_there(mock_api):
    await mock_api.hold("/sources/humidity")
    async with running(main(mock_api.url)) as program:
        await mock_api.ended("/sources/snow")
        await mock_api.ended("/sources/temperature")
        await mock_api.saw("GET /sources/humidity")
        # Two outcomes are there, and nobody sees them yet.
        assert program.output == ""
        await mock_api.release("/sources/humidity")
    assert program.lines == [
        "humidity: 62 %",
        "snow: HTTP 500",
        "temperature: 18.5 °C",
        "2 of 3 have a value",
    ]


async def test_the_outcomes_keep_the_order_of_the_list(
    mock_api, client
):
    await mock_api.fail("/sources/wind", [404])
    await mock_api.hold("/sources/temperature")
    settling = asyncio.create_task(
        settle_all(client, ["temperature", "wind", "humidity"])
    )
    await mock_api.ended("/sources/wind")
    await mock_api.ended("/sources/humidity")
    await mock_api.release("/sources/temperature")
    outcomes = await settling
    assert [describe(o) for o in outcomes] == [
        "18.5 °C",
        "HTTP 404",
        "62 %",
    ]


async def test_no_failure_ends_the_wait(mock_api, client):
    await mock_api.fail("/sources/temperature", [500])
    await mock_api.drop("/sources/wind")
    await mock_api.hold("/sources/humidity")
    settling = asyncio.create_task(
        settle_all(client, ["temperature", "wind", "humidity"])
    )
    await mock_api.ended("/sources/temperature")
    await mock_api.ended("/sources/wind")
    await mock_api.saw("GET /sources/humidity")
    assert not settling.done()
    await mock_api.release("/sources/humidity")
    outcomes = await settling
    assert [describe(o) for o in outcomes] == [
        "HTTP 500",
        "no answer",
        "62 %",
    ]


async def test_a_silent_request_costs_two_seconds_and_one_outcome(
    mock_api, client, clock
):
    await mock_api.hold("/sources/temperature")
    settling = asyncio.create_task(
        settle_all(client, ["temperature", "wind"])
    )
    await mock_api.saw("GET /sources/temperature")
    await mock_api.ended("/sources/wind")
    await clock.advance(1.9)
    assert not settling.done()
    await clock.advance(0.2)
    silent, name = await settling
    assert isinstance(silent, RequestError)
    assert str(silent) == "no answer"
    assert isinstance(silent.__cause__, TimeoutError)
    assert name == "4.2 m/s"
    assert await mock_api.endings() == {
        "/sources/temperature": "client hung up",
        "/sources/wind": "completed",
    }


async def test_a_bug_is_an_outcome_until_someone_looks(
    mock_api, client
):
    await mock_api.answer("/sources/temperature", body="no JSON")
    [outcome] = await settle_all(client, ["temperature"])
    assert isinstance(outcome, ValueError)
    with pytest.raises(ValueError, match="Expecting value"):
        describe(outcome)


async def test_half_an_answer_is_no_answer(mock_api, client):
    await mock_api.answer("/sources/wind", body="{}", cut=1)
    [outcome] = await settle_all(client, ["wind"])
    assert describe(outcome) == "no answer"


async def test_a_broken_address_is_a_bug(client):
    [outcome] = await settle_all(client, ["\n"])
    with pytest.raises(httpx.InvalidURL):
        describe(outcome)


# Python only: fetch gives a TypeError for both.
async def test_a_closed_client_is_a_bug(mock_api):
    async with httpx.AsyncClient(base_url=mock_api.url) as closed:
        pass
    [outcome] = await settle_all(closed, ["wind"])
    with pytest.raises(RuntimeError, match="client has been closed"):
        describe(outcome)


async def test_no_sources_no_outcomes(client):
    assert await settle_all(client, []) == []


# Python only: nobody can cancel a promise.
async def test_whoever_gives_up_stops_all_of_them(mock_api, client):
    await mock_api.hold("/sources/temperature")
    await mock_api.hold("/sources/wind")
    before = asyncio.all_tasks()
    settling = asyncio.create_task(
        settle_all(client, ["temperature", "wind", "humidity"])
    )
    await mock_api.saw("GET /sources/*", times=3)
    await mock_api.ended("/sources/humidity")
    settling.cancel()
    # No list, although the humidity is there.
    with pytest.raises(asyncio.CancelledError):
        await settling
    assert asyncio.all_tasks() == before
    assert await mock_api.endings() == {
        "/sources/temperature": "client hung up",
        "/sources/wind": "client hung up",
        "/sources/humidity": "completed",
    }


# What the language does, without the program.


async def good():
    return "Ada"


async def fail(text="no luck"):
    raise ValueError(text)


async def test_a_failure_takes_the_place_of_its_result():
    outcomes = await asyncio.gather(
        good(), fail(), return_exceptions=True
    )
    assert repr(outcomes) == "['Ada', ValueError('no luck')]"

    async def find_error():
        return ValueError("no luck")

    # What is returned looks the same as what is raised.
    outcomes = await asyncio.gather(
        find_error(), fail(), return_exceptions=True
    )
    assert list(map(type, outcomes)) == [ValueError, ValueError]


# Python only: nobody can cancel a promise.
async def test_a_cancelled_task_is_an_outcome_too():
    waiting = asyncio.create_task(asyncio.Event().wait())
    both = asyncio.gather(waiting, good(), return_exceptions=True)
    await asyncio.sleep(0)
    waiting.cancel()
    cancelled, name = await both
    assert isinstance(cancelled, asyncio.CancelledError)
    assert not isinstance(cancelled, Exception)
    assert name == "Ada"
    with pytest.raises(asyncio.CancelledError):
        describe(cancelled)
    failed: list[Any] = [cancelled]
    with pytest.raises(TypeError, match="Cannot nest BaseExceptions"):
        raise ExceptionGroup("some are missing", failed)
    with pytest.raises(BaseExceptionGroup, match="some are missing"):
        raise BaseExceptionGroup("some are missing", failed)


# Python only: process.exit() is no error.
@pytest.mark.parametrize("ends", [SystemExit, KeyboardInterrupt])
def test_the_end_of_the_program_is_no_outcome(ends):
    async def leave():
        raise ends

    async def program():
        await asyncio.gather(leave(), return_exceptions=True)

    with pytest.raises(ends):
        asyncio.run(program())


# Python only: nobody can cancel a promise.
async def test_gather_waits_for_what_it_has_cancelled():
    stopped, clean = asyncio.Event(), asyncio.Event()

    async def slow():
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
            await clean.wait()

    async def both():
        return await asyncio.gather(
            slow(), good(), return_exceptions=True
        )

    waiting = asyncio.create_task(both())
    # Two turns: the task begins, and then the operations.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await stopped.wait()
    assert not waiting.done()
    clean.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting


# Python only: nobody can cancel a promise.
async def test_a_limit_around_gather_takes_the_list_away(clock):
    async def limited():
        async with asyncio.timeout(1):
            await asyncio.gather(
                asyncio.Event().wait(), good(), return_exceptions=True
            )

    waiting = asyncio.create_task(limited())
    await clock.advance(1.1)
    with pytest.raises(TimeoutError):
        await waiting


async def test_one_failure_hides_the_values_and_the_other_failures(
    mock_api, client
):
    await mock_api.hold("/sources/snow")
    await mock_api.hold("/sources/noise")
    values = [
        asyncio.create_task(get_value(client, user))
        for user in ["temperature", "snow", "noise"]
    ]
    together = asyncio.gather(*values)
    await mock_api.saw("GET /sources/*", times=3)
    assert await values[0] == "18.5 °C"
    assert not together.done()
    await mock_api.release("/sources/snow")
    # The temperature was there before, and still this is all we get.
    with pytest.raises(RequestError, match="HTTP 500"):
        await together
    await mock_api.release("/sources/noise")
    await asyncio.wait(values)


async def test_nobody_hears_of_the_second_failure():
    lost = reported()
    ask = asyncio.Event()

    async def fail_later():
        await ask.wait()
        raise ValueError("second")

    later = asyncio.create_task(fail_later())
    with pytest.raises(ValueError, match="first"):
        await asyncio.gather(fail("first"), fail("second"), later)
    ask.set()
    await asyncio.wait([later])
    del later
    gc.collect()
    assert lost == []


async def test_several_awaits_in_a_row_lose_the_second_failure():
    lost = reported()
    first = asyncio.create_task(fail("first"))
    second = asyncio.create_task(fail("second"))
    with pytest.raises(ValueError, match="first"):
        await first
        await second
    del first, second
    gc.collect()
    assert lost == ["Task exception was never retrieved"]


async def test_all_failures_can_be_raised_as_one():
    with pytest.raises(ExceptionGroup) as raised:
        outcomes = await asyncio.gather(
            fail("first"),
            good(),
            fail("second"),
            return_exceptions=True,
        )
        failed = [o for o in outcomes if isinstance(o, BaseException)]
        if failed:
            raise BaseExceptionGroup("some are missing", failed)
    assert str(raised.value) == "some are missing (2 sub-exceptions)"
    assert [str(e) for e in raised.value.exceptions] == [
        "first",
        "second",
    ]


async def test_what_is_caught_inside_needs_no_settling(
    mock_api, client
):
    async def value_or_none(user):
        try:
            return await get_value(client, user)
        except RequestError:
            return None

    values = [
        value_or_none(user)
        for user in ["humidity", "snow", "temperature"]
    ]
    assert await asyncio.gather(*values) == ["62 %", None, "18.5 °C"]
    # A bug fails the whole list, and so it is seen.
    await mock_api.answer("/sources/temperature", body="no JSON")
    with pytest.raises(ValueError, match="Expecting value"):
        await asyncio.gather(
            value_or_none("temperature"), value_or_none("snow")
        )


async def test_an_error_before_the_wait_is_no_outcome():
    begun = []

    def check(user):
        if user == 9:
            raise ValueError("no user 9")
        begun.append(good())
        return begun[-1]

    with pytest.raises(ValueError, match="no user 9"):
        await asyncio.gather(
            *map(check, [1, 9, 2]), return_exceptions=True
        )
    [first] = begun
    # gather was never called, and nobody awaits what has begun.
    assert inspect.getcoroutinestate(first) == "CORO_CREATED"
    first.close()

    async def check_in_task(user):
        return await check(user)

    outcomes = await asyncio.gather(
        *map(check_in_task, [1, 9, 2]), return_exceptions=True
    )
    assert repr(outcomes) == "['Ada', ValueError('no user 9'), 'Ada']"

import asyncio
import logging
import random
import time
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

import httpx
import pytest
from stamina import AsyncRetryingCaller

from failures import retries
from failures.retries import ask, main
from helpers import printed

LOGGED = "stamina.retry_scheduled"


class NewYear(datetime):
    """The clock of the wall stands still: it is twelve o'clock."""

    @classmethod
    def now(cls, tz: Any = None) -> Self:
        return cls(2026, 1, 1, 12, tzinfo=tz)


async def finished(asking, mock_api, clock):
    """Move the clock until `asking` has its end."""
    while not asking.done():
        await clock.advance(0.1)
        await mock_api.log()


def pauses(log):
    """From each answer to the next request, by the clock of the API."""
    return [
        after.started - before.ended for before, after in pairwise(log)
    ]


async def test_a_busy_server_is_asked_again(mock_api):
    assert await printed(main(mock_api.url)) == "Traffic: 1280 cars/h\n"
    assert [e.status for e in await mock_api.log()] == [503, 200]


async def test_it_gives_up_after_four_attempts(mock_api, client, clock):
    await mock_api.fail("/data", [503, 429, 503, 429, 503])
    began = asyncio.get_running_loop().time()
    asking = asyncio.create_task(ask(client, "GET", "/data"))
    await finished(asking, mock_api, clock)
    with pytest.raises(httpx.HTTPStatusError, match="429"):
        await asking
    statuses = [e.status for e in await mock_api.log()]
    assert statuses == [503, 429, 503, 429]
    # Pauses of 0.1, 0.2 and 0.4 s, each longer by at most 0.1 s.
    waited = asyncio.get_running_loop().time() - began
    assert 0.69 < waited < 1.31


async def test_the_pauses_double(mock_api, client, monkeypatch):
    # As much chance as there can be.
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    await mock_api.fail("/data", [503, 503, 503])
    await ask(client, "GET", "/data")
    first, second, third = pauses(await mock_api.log())
    # A timer may be early by less than a millisecond.
    assert first > 0.199
    assert second > 0.299
    assert third > 0.499


@pytest.mark.parametrize("status", [400, 404, 409, 500])
async def test_other_failures_are_final(mock_api, client, status):
    await mock_api.fail("/data", [status])
    with pytest.raises(httpx.HTTPStatusError, match=str(status)):
        await ask(client, "GET", "/data")
    assert len(await mock_api.log()) == 1


async def test_a_broken_answer_is_final(mock_api, client):
    await mock_api.answer("/data", body="<p>Hello</p>")
    with pytest.raises(ValueError, match="Expecting value"):
        await ask(client, "GET", "/data")
    assert len(await mock_api.log()) == 1


async def test_a_post_is_sent_once(mock_api, client):
    await mock_api.fail("POST /posts", [503])
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        await ask(client, "POST", "/posts")
    assert len(await mock_api.log()) == 1
    # The same answer to a PUT is no reason to give up.
    await mock_api.answer("/posts/1", body="{}")
    await mock_api.fail("PUT /posts/1", [503])
    assert await ask(client, "PUT", "/posts/1") == {}
    assert [e.status for e in await mock_api.log()] == [503, 503, 200]


async def test_a_lost_connection_is_tried_again(
    mock_api, client, clock
):
    await mock_api.drop("/data")
    asking = asyncio.create_task(ask(client, "GET", "/data"))
    await finished(asking, mock_api, clock)
    with pytest.raises(httpx.TransportError):
        await asking
    endings = [e.ending for e in await mock_api.log()]
    assert endings == ["dropped"] * 4


async def test_a_silent_server_is_tried_again(mock_api, client, clock):
    await mock_api.hold("/data")
    asking = asyncio.create_task(ask(client, "GET", "/data"))
    await mock_api.saw("GET /data")
    await clock.advance(1.999)
    [held] = await mock_api.log(settled=False)
    assert held.ending is None
    await clock.advance(0.001)
    [given_up] = await mock_api.log()
    assert given_up.ending == "client hung up"
    await mock_api.release("/data")
    await finished(asking, mock_api, clock)
    assert len(await mock_api.log()) == 2
    await asking


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("0", 0.1),
        ("3", 3.1),
        ("5", 5.1),
        ("Thu, 01 Jan 2026 12:00:03 GMT", 3.1),
        ("Thu, 01 Jan 2026 12:00:03 -0000", 3.1),
        ("Thu, 01 Jan 2026 12:00:05 GMT", 5.1),
    ],
)
async def test_the_server_says_when_to_come(
    mock_api, client, clock, monkeypatch, wish, seconds
):
    monkeypatch.setattr(retries, "datetime", NewYear)
    headers = {"Retry-After": wish}
    await mock_api.answer("/data", status=503, headers=headers)
    asking = asyncio.create_task(ask(client, "GET", "/data"))
    await mock_api.ended("GET /data")
    await mock_api.answer("/data", body="[]")
    await clock.advance(seconds - 0.01)
    assert len(await mock_api.log()) == 1
    await finished(asking, mock_api, clock)
    assert await asking == []
    assert len(await mock_api.log()) == 2


async def test_what_is_no_wish_changes_nothing(mock_api, client):
    wishes = {
        "/users/1": "Wed, 21 Oct 2015 07:28:00 GMT",
        "/users/2": "soon",
        "/users/3": "",
    }
    for path, wish in wishes.items():
        headers = {"Retry-After": wish}
        await mock_api.answer(path, status=503, headers=headers)
    asking = [ask(client, "GET", path) for path in wishes]
    errors = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(e) for e in errors] == [httpx.HTTPStatusError] * 3
    log = await mock_api.log()
    for path in wishes:
        first, *others = pauses([e for e in log if e.path == path])
        assert first > 0.099
        assert len(others) == 2


@pytest.mark.parametrize(
    "wish", ["6", "2592000", "Thu, 01 Jan 2026 12:00:06 GMT"]
)
async def test_a_long_pause_is_refused(
    mock_api, client, monkeypatch, wish
):
    monkeypatch.setattr(retries, "datetime", NewYear)
    headers = {"Retry-After": wish}
    await mock_api.answer("/data", status=429, headers=headers)
    with pytest.raises(httpx.HTTPStatusError, match="429"):
        await ask(client, "GET", "/data")
    assert len(await mock_api.log()) == 1


async def test_one_limit_ends_a_pause(mock_api, client, clock):
    headers = {"Retry-After": "5"}
    await mock_api.answer("/data", status=503, headers=headers)
    began = asyncio.get_running_loop().time()
    asking = asyncio.create_task(ask(client, "GET", "/data"))
    await finished(asking, mock_api, clock)
    with pytest.raises(TimeoutError):
        await asking
    waited = asyncio.get_running_loop().time() - began
    assert 9.99 < waited < 10.2
    # Two attempts, and then a pause that would last too long.
    assert len(await mock_api.log()) == 2


async def test_a_cancelled_retry_sends_nothing_more(
    mock_api, client, clock
):
    headers = {"Retry-After": "5"}
    await mock_api.answer("/data", status=503, headers=headers)
    asking = asyncio.create_task(ask(client, "GET", "/data"))
    await mock_api.ended("GET /data")
    await clock.advance(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await clock.advance(60)
    await client.get("/posts/1")
    paths = [e.path for e in await mock_api.log()]
    assert paths == ["/data", "/posts/1"]
    # And in the middle of an attempt.
    await mock_api.hold("/users/1")
    asking = asyncio.create_task(ask(client, "GET", "/users/1"))
    await mock_api.saw("GET /users/1")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await clock.advance(60)
    last = (await mock_api.log())[2:]
    assert [e.ending for e in last] == ["client hung up"]


# What stamina does, without the program.


async def attempts_of(retry, on, error, clock):
    """The seconds at which an operation is tried that always fails."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    attempts = []

    async def fails():
        attempts.append(round(loop.time() - began, 3))
        raise error

    trying = asyncio.create_task(retry(on, fails))
    while not trying.done():
        await clock.advance(1)
    with pytest.raises(type(error)):
        await trying
    return attempts


async def test_chance_makes_a_pause_longer(clock, monkeypatch):
    retry = AsyncRetryingCaller(4, wait_initial=0.1, wait_jitter=0.1)
    monkeypatch.setattr(random, "uniform", lambda least, _: least)
    least = await attempts_of(retry, OSError, OSError(), clock)
    assert least == [0, 0.1, 0.3, 0.7]
    # It adds as much to a long pause as to a short one.
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    most = await attempts_of(retry, OSError, OSError(), clock)
    assert most == [0, 0.2, 0.5, 1]


# Python only: p-retry has no option for it.
async def test_a_hook_can_name_the_pause(clock):
    retry = AsyncRetryingCaller(3)
    attempts = await attempts_of(retry, lambda _: 7, OSError(), clock)
    assert attempts == [0, 7, 14]


async def test_the_defaults(clock, monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    retry = AsyncRetryingCaller()
    attempts = await attempts_of(retry, OSError, OSError(), clock)
    # No pause is longer than five seconds.
    assert attempts == [
        0,
        1.1,
        2.3,
        3.7,
        5.5,
        8.1,
        12.3,
        *[17.3, 22.3, 27.3],
    ]


async def test_the_limit_of_the_library_ends_no_attempt(
    mock_api, client
):
    await mock_api.hold("/data")
    retry = AsyncRetryingCaller(timeout=1e-9)
    asking = asyncio.create_task(
        retry(httpx.HTTPError, client.get, "/data")
    )
    await mock_api.saw("GET /data")
    # Its time is over, and still it waits.
    await mock_api.release("/data")
    assert (await asking).status_code == 200
    # After a failure it does not begin again.
    await mock_api.drop("/data")
    with pytest.raises(httpx.HTTPError):
        await retry(httpx.HTTPError, client.get, "/data")
    assert len(await mock_api.log()) == 2


# Python only: p-retry makes the last pause shorter.
async def test_a_pause_can_outlast_its_limit(clock, monkeypatch):
    monkeypatch.setattr(
        time, "monotonic", asyncio.get_running_loop().time
    )
    retry = AsyncRetryingCaller(
        timeout=5, wait_initial=6, wait_max=6, wait_jitter=0
    )
    attempts = await attempts_of(retry, OSError, OSError(), clock)
    assert attempts == [0, 6]


async def test_it_repeats_a_mistake_of_yours_too(clock):
    retry = AsyncRetryingCaller(3)
    found = await attempts_of(retry, Exception, KeyError("x"), clock)
    assert len(found) == 3
    # Name what may pass, and it is raised at once.
    found = await attempts_of(retry, OSError, KeyError("x"), clock)
    assert len(found) == 1


# Python only: p-retry has a callback, onFailedAttempt, and no log.
async def test_it_logs_each_retry(clock, caplog):
    retry = AsyncRetryingCaller(3)
    await attempts_of(retry, OSError, OSError(), clock)
    logged = [
        (entry.name, entry.levelname, entry.message)
        for entry in caplog.records
    ]
    assert logged == [("stamina", "WARNING", LOGGED)] * 2
    # Where nobody has set up logging, Python prints this.
    assert logging.lastResort is not None
    assert logging.lastResort.level == logging.WARNING
    assert logging.lastResort.format(caplog.records[0]) == LOGGED


# Python only: an abort is no error that p-retry would ask about.
async def test_a_hook_can_swallow_a_cancellation(clock):
    retry = AsyncRetryingCaller(3, wait_initial=1, wait_jitter=0)
    begun = []
    asked = []

    async def waits():
        begun.append("attempt")
        await asyncio.sleep(100)

    def always(error):
        asked.append(type(error))
        return True

    trying = asyncio.create_task(retry(always, waits))
    await clock.advance(10)
    trying.cancel()
    await clock.advance(10)
    assert asked == [asyncio.CancelledError]
    assert begun == ["attempt", "attempt"]
    assert not trying.done()
    # The class of the errors in place of a hook lets it through.
    trying.cancel()
    await clock.advance(0)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    trying = asyncio.create_task(retry(Exception, waits))
    await clock.advance(10)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying


# Python only: p-retry looks at its signal first.
async def test_a_timeout_can_be_swallowed_too(clock):
    retry = AsyncRetryingCaller(3, wait_initial=1, wait_jitter=0)

    async def limited():
        async with asyncio.timeout(5):
            return await retry(lambda _: True, asyncio.sleep, 7, "late")

    limiting = asyncio.create_task(limited())
    while not limiting.done():
        await clock.advance(1)
    assert await limiting == "late"


async def test_it_takes_a_function_and_not_a_call(client):
    retry: Any = AsyncRetryingCaller()
    call = client.get("/data")
    with pytest.raises(TypeError) as raised:
        await retry(httpx.HTTPError, call)
    assert str(raised.value) == "'coroutine' object is not callable"
    call.close()


async def test_the_core_is_a_loop(mock_api, client, clock):
    async def retry(operation):
        attempt = 1
        while True:
            try:
                return await operation()
            except httpx.TransportError:
                if attempt == 4:
                    raise
            pause = 0.1 * 2**attempt * random.uniform(0.5, 1)
            await asyncio.sleep(pause)
            attempt += 1

    await mock_api.drop("/data")
    asking = asyncio.create_task(retry(lambda: client.get("/data")))
    await finished(asking, mock_api, clock)
    with pytest.raises(httpx.TransportError):
        await asking
    assert len(await mock_api.log()) == 4

import asyncio
import gc
import sys
import threading
import traceback
import warnings
from typing import Any

import httpx
import pytest

from failures.cleanup import main, to_its_end, work
from helpers import reported, running, stopped, taken_in

FREE = {"title": "Free for editing", "body": "Go on"}


async def some_turns():
    """Let the loop run what is ready, and what follows from it."""
    for _ in range(5):
        await asyncio.sleep(0)


async def requests(mock_api, **options):
    """What the API saw: request and ending, in order of arrival."""
    return [
        (f"{entry.method} {entry.path}", entry.ending)
        for entry in await mock_api.log(**options)
    ]


async def working(mock_api, client):
    """Begin the work, and let it come to where it waits."""
    await mock_api.delay("*", 0)
    await mock_api.hold("GET /notifications")
    task = asyncio.create_task(work(client))
    await mock_api.saw("GET /notifications")
    return task


async def test_two_stops_and_the_mark_is_taken_away(mock_api):
    await mock_api.delay("*", 0)
    await mock_api.hold("GET /users/*")
    await mock_api.hold("GET /notifications")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /users/1")
        await mock_api.saw("GET /notifications")
        await mock_api.hold("PUT *")
        await mock_api.release("GET /users/1")
        await mock_api.saw("GET /users/2")
        await mock_api.saw("PUT /posts/1", 2)
        await mock_api.release("GET /users/2")
        await program.prints("Stop 2")
        await some_turns()
        # The program waits for the clean-up.
        assert program.lines == ["Stop 1", "Stop 2"]
        await mock_api.release("PUT *")
    assert program.lines[2:] == [
        "Was it stopped? Yes",
        "The mark says: Free for editing",
    ]
    assert sorted(await requests(mock_api)) == [
        ("GET /notifications", "client hung up"),
        ("GET /posts/1", "completed"),
        ("GET /users/1", "completed"),
        ("GET /users/2", "completed"),
        ("PUT /posts/1", "completed"),
        ("PUT /posts/1", "completed"),
    ]


async def test_the_clean_up_outlives_many_stops(mock_api, client):
    task = await working(mock_api, client)
    await mock_api.hold("PUT *")
    task.cancel()
    await mock_api.saw("PUT /posts/1", 2)
    for _ in range(3):
        task.cancel()
        await some_turns()
        assert not task.done()
    await mock_api.release("PUT *")
    await asyncio.wait([task])
    assert task.cancelled()
    assert await requests(mock_api) == [
        ("PUT /posts/1", "completed"),
        ("GET /notifications", "client hung up"),
        ("PUT /posts/1", "completed"),
    ]


async def test_a_stop_before_the_mark_is_known_to_be_set(
    mock_api, client
):
    await mock_api.delay("*", 0)
    await mock_api.hold("PUT *")
    task = asyncio.create_task(work(client))
    await mock_api.saw("PUT /posts/1")
    task.cancel()
    await mock_api.saw("PUT /posts/1", 2)
    await mock_api.release("PUT *")
    await asyncio.wait([task])
    assert task.cancelled()
    assert await requests(mock_api) == [
        ("PUT /posts/1", "client hung up"),
        ("PUT /posts/1", "completed"),
    ]


async def test_the_clean_up_runs_after_a_success(
    mock_api, client, clock
):
    await mock_api.delay("*", 0)
    await mock_api.hold("GET /users/*")
    async with running(main(mock_api.url)) as program:
        await mock_api.ended("GET /notifications")
        await taken_in(client)
        await clock.advance(2.9)
        log = await requests(mock_api, settled=False)
        assert log.count(("PUT /posts/1", "completed")) == 1
        await clock.advance(0.1)
        await mock_api.ended("PUT /posts/1", 2)
        await taken_in(client)
        bob = '{"title": "Bob is editing this"}'
        await mock_api.answer("GET /posts/1", body=bob)
        await mock_api.release("GET /users/*")
    assert program.lines[2:] == [
        "Was it stopped? No",
        "The mark says: Bob is editing this",
    ]


async def test_the_mark_stands_while_the_work_goes_on(mock_api, client):
    task = await working(mock_api, client)
    post = (await client.get("/posts/1")).json()
    assert post["title"] == "Ada is editing this"
    assert (await stopped(task)).cancelled()
    post = (await client.get("/posts/1")).json()
    assert post["title"] == "Free for editing"


async def test_a_stop_between_two_requests(mock_api, client):
    await mock_api.delay("*", 0)
    task = asyncio.create_task(work(client))
    await mock_api.ended("GET /notifications")
    await taken_in(client)
    assert (await stopped(task)).cancelled()
    assert await requests(mock_api) == [
        ("PUT /posts/1", "completed"),
        ("GET /notifications", "completed"),
        *[("GET /data", "completed")] * 3,
        ("PUT /posts/1", "completed"),
    ]


async def test_the_clean_up_runs_after_a_failure(mock_api, client):
    await mock_api.delay("*", 0)
    await mock_api.fail("GET /notifications", [500])
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await work(client)
    assert await requests(mock_api) == [
        ("PUT /posts/1", "completed"),
        ("GET /notifications", "completed"),
        ("PUT /posts/1", "completed"),
    ]


async def test_a_mark_that_may_be_set_is_taken_away(mock_api, client):
    await mock_api.delay("*", 0)
    await mock_api.fail("PUT *", [503])
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        await work(client)
    statuses = [entry.status for entry in await mock_api.log()]
    assert statuses == [503, 200]


async def test_if_the_rest_fails_the_clean_up_is_awaited(mock_api):
    await mock_api.delay("*", 0)
    await mock_api.hold("GET *")
    await mock_api.fail("GET /users/2", [500])
    with pytest.raises(ExceptionGroup) as raised:
        async with running(main(mock_api.url)) as program:
            await mock_api.saw("GET /users/1")
            await mock_api.saw("GET /notifications")
            await mock_api.hold("PUT *")
            await mock_api.release("GET /users/1")
            await mock_api.saw("PUT /posts/1", 2)
            await mock_api.release("GET /users/2")
            await mock_api.ended("GET /users/2")
            await some_turns()
            assert not program.task.done()
            await mock_api.release("PUT *")
    [error] = raised.value.exceptions
    assert isinstance(error, httpx.HTTPStatusError)
    assert sorted(await requests(mock_api)) == [
        ("GET /notifications", "client hung up"),
        ("GET /users/1", "completed"),
        ("GET /users/2", "completed"),
        ("PUT /posts/1", "completed"),
        ("PUT /posts/1", "completed"),
    ]


async def test_if_the_rest_fails_the_work_is_stopped(mock_api):
    await mock_api.delay("*", 0)
    await mock_api.hold("GET *")
    await mock_api.fail("GET /users/1", [500])
    with pytest.raises(ExceptionGroup):
        async with running(main(mock_api.url)):
            await mock_api.saw("GET /notifications")
            await mock_api.release("GET /users/1")
    assert sorted(await requests(mock_api)) == [
        ("GET /notifications", "client hung up"),
        ("GET /users/1", "completed"),
        ("PUT /posts/1", "completed"),
        ("PUT /posts/1", "completed"),
    ]


async def test_a_failure_of_the_work_is_no_stop(mock_api):
    await mock_api.delay("*", 0)
    await mock_api.hold("GET /users/*")
    await mock_api.fail("PUT *", [503])
    with pytest.raises(ExceptionGroup) as raised:
        await main(mock_api.url)
    [error] = raised.value.exceptions
    assert isinstance(error, httpx.HTTPStatusError)


# Python only: in JavaScript nothing can stop a promise.
async def test_a_stop_during_the_clean_up_is_raised_after_it():
    go_on = asyncio.Event()
    task = asyncio.create_task(to_its_end(go_on.wait()))
    await some_turns()
    task.cancel()
    await some_turns()
    assert not task.done()
    go_on.set()
    await asyncio.wait([task])
    # There was no other error on its way.
    assert task.cancelled()


async def test_the_clean_up_has_a_limit_of_its_own(
    mock_api, client, clock
):
    task = await working(mock_api, client)
    await mock_api.hold("PUT *")
    task.cancel()
    await mock_api.saw("PUT /posts/1", 2)
    await clock.advance(4.9)
    assert not task.done()
    await clock.advance(0.1)
    await asyncio.wait([task])
    assert isinstance(task.exception(), TimeoutError)
    assert (await requests(mock_api))[2:] == [
        ("PUT /posts/1", "client hung up"),
    ]


async def test_a_clean_up_that_fails_is_noticed(mock_api, client):
    task = await working(mock_api, client)
    await mock_api.fail("PUT *", [503])
    await stopped(task)
    # It ends with this failure. The stop is behind it.
    error = task.exception()
    assert isinstance(error, httpx.HTTPStatusError)
    assert isinstance(error.__context__, asyncio.CancelledError)


# What the language does, without the program.


async def test_a_stop_during_the_clean_up(mock_api, client):
    await mock_api.hold("GET /users/1")
    await mock_api.hold("PUT *")

    async def plain():
        try:
            await client.get("/users/1")
        finally:
            await client.put("/posts/1", json=FREE)

    working = asyncio.create_task(plain())
    await mock_api.saw("GET /users/1")
    working.cancel()
    # The first stop does not keep the clean-up from waiting.
    await mock_api.saw("PUT /posts/1")
    assert (await stopped(working)).cancelled()
    assert await mock_api.endings() == {
        "/users/1": "client hung up",
        "/posts/1": "client hung up",
    }


# Python only: nothing in JavaScript can stop a promise.
async def test_shield_keeps_the_task_and_not_the_wait(mock_api, client):
    await mock_api.hold("PUT *")
    put = client.put("/posts/1", json=FREE)
    cleaning = asyncio.create_task(put)

    async def wait():
        await asyncio.shield(cleaning)

    working = asyncio.create_task(wait())
    await mock_api.saw("PUT /posts/1")
    assert (await stopped(working)).cancelled()
    # Nobody waits for it any more.
    assert not cleaning.done()
    await mock_api.release("PUT *")
    assert (await cleaning).status_code == 200
    assert await mock_api.endings() == {"/posts/1": "completed"}


# Python only: nothing in JavaScript can stop a promise.
async def test_a_shielded_task_needs_a_reference():
    messages = reported()

    async def clean_up():
        await asyncio.get_running_loop().create_future()

    async def wait():
        await asyncio.shield(clean_up())

    working = asyncio.create_task(wait())
    await some_turns()
    assert (await stopped(working)).cancelled()
    del working
    gc.collect()
    assert messages == ["Task was destroyed but it is pending!"]


async def reported_after_a_stop(protect, handled):
    """What asyncio reports of a failure after our wait was stopped."""
    messages = reported()
    go_on = asyncio.Event()

    async def clean_up():
        await go_on.wait()
        raise ValueError("no clean-up")

    async def wait(cleaning):
        await protect(cleaning)

    cleaning = asyncio.create_task(clean_up())
    await some_turns()
    waiting = asyncio.create_task(wait(cleaning))
    await some_turns()
    assert (await stopped(waiting)).cancelled()
    del waiting
    go_on.set()
    await asyncio.wait([cleaning])
    if handled:
        assert isinstance(cleaning.exception(), ValueError)
    del cleaning
    gc.collect()
    return messages


SHIELDED = "ValueError exception in shielded future"


# Python only: nothing in JavaScript can stop a promise.
async def test_a_shielded_task_that_fails_unheard():
    messages = await reported_after_a_stop(
        asyncio.shield, handled=False
    )
    if sys.version_info >= (3, 14):
        assert messages == [SHIELDED]
    else:
        # Some 3.13 says it as 3.14 does.
        unheard = "Task exception was never retrieved"
        assert messages in ([unheard], [SHIELDED])


# Python only: nothing in JavaScript can stop a promise.
async def test_shield_may_report_what_you_handle():
    async def wait(cleaning):
        await asyncio.wait([cleaning])

    assert await reported_after_a_stop(wait, handled=True) == []
    messages = await reported_after_a_stop(asyncio.shield, handled=True)
    if sys.version_info >= (3, 14):
        assert messages == [SHIELDED]
    else:
        # Some 3.13 says it as 3.14 does.
        assert messages in ([], [SHIELDED])


# Python only: nothing in JavaScript can stop a promise.
async def test_a_stop_and_then_a_failed_clean_up():
    go_on = asyncio.Event()

    async def clean_up():
        await go_on.wait()
        raise ValueError("no clean-up")

    working = asyncio.create_task(to_its_end(clean_up()))
    await some_turns()
    working.cancel()
    await some_turns()
    go_on.set()
    await asyncio.wait([working])
    assert isinstance(working.exception(), ValueError)


# Python only: nothing in JavaScript can stop a promise.
async def test_a_stop_in_the_same_turn_as_a_failed_clean_up():
    async def clean_up():
        await some_turns()
        raise ValueError("no clean-up")

    working = asyncio.create_task(to_its_end(clean_up()))
    await some_turns()
    # In each turn, and so also in the one in which it fails.
    while not working.done():
        working.cancel()
        await asyncio.sleep(0)
    assert isinstance(working.exception(), ValueError)


async def test_two_failures():
    async def both():
        try:
            raise ValueError("no work")
        finally:
            raise OSError("no clean-up")

    with pytest.raises(OSError, match="no clean-up") as raised:
        await both()
    error = raised.value
    assert isinstance(error.__context__, ValueError)
    # Python shows them both.
    shown = "".join(traceback.format_exception(error))
    assert "ValueError: no work" in shown
    assert "OSError: no clean-up" in shown
    text = "During handling of the above exception"
    assert f"{text}, another exception occurred:" in shown


# A text, for Python 3.14 warns when it reads it.
RETURN_IN_FINALLY = """
async def work(waits):
    try:
        await waits
    finally:
        return "went on"
"""


async def test_a_return_in_finally_swallows():
    names: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        exec(RETURN_IN_FINALLY, names)
    said = [f"{w.category.__name__}: {w.message}" for w in heard]
    warning = "SyntaxWarning: 'return' in a 'finally' block"
    assert said == ([warning] if sys.version_info >= (3, 14) else [])

    working = asyncio.create_task(names["work"](asyncio.Event().wait()))
    await some_turns()
    await stopped(working)
    assert not working.cancelled()
    assert working.result() == "went on"


async def test_the_clean_up_comes_before_what_is_returned_unawaited(
    mock_api, client
):
    async def unawaited():
        try:
            return asyncio.create_task(client.get("/users/1"))
        finally:
            await client.put("/posts/1", json=FREE)

    async def awaited():
        try:
            return await asyncio.create_task(client.get("/users/2"))
        finally:
            await client.put("/posts/2", json=FREE)

    await mock_api.hold("GET *")
    getting = await unawaited()
    await mock_api.saw("GET /users/1")
    endings = await mock_api.endings(settled=False)
    assert endings == {"/users/1": None, "/posts/1": "completed"}

    second = asyncio.create_task(awaited())
    await mock_api.saw("GET /users/2")
    await mock_api.release("GET *")
    await getting
    await second
    *_, get, put = await mock_api.log()
    assert (get.path, put.path) == ("/users/2", "/posts/2")
    assert get.ended_event < put.started_event


async def test_what_is_left_at_the_end_of_the_program(mock_api):
    left = []

    async def background():
        async with httpx.AsyncClient(
            base_url=mock_api.url, trust_env=False, verify=False
        ) as client:
            try:
                await client.get("/users/1")
            finally:
                await client.put("/posts/1", json=FREE)

    async def program():
        left.append(asyncio.create_task(background()))
        await asyncio.to_thread(begun.wait)

    begun = threading.Event()
    await mock_api.hold("GET /users/1")
    # A loop of its own, which nobody else uses.
    running = asyncio.create_task(
        asyncio.to_thread(asyncio.run, program())
    )
    await mock_api.saw("GET /users/1")
    begun.set()
    await running
    assert left[0].cancelled()
    assert await mock_api.endings() == {
        "/users/1": "client hung up",
        "/posts/1": "completed",
    }


# Python only: nothing in JavaScript can stop a promise.
async def test_the_end_of_asyncio_run_stops_a_shielded_task():
    tasks = []

    async def program():
        cleaning = asyncio.create_task(asyncio.Event().wait())

        async def wait():
            await asyncio.shield(cleaning)

        tasks.extend([cleaning, asyncio.create_task(wait())])
        await some_turns()

    # A loop of its own, which nobody else uses.
    await asyncio.to_thread(asyncio.run, program())
    assert [task.cancelled() for task in tasks] == [True, True]

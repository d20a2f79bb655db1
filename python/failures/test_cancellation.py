import asyncio
import contextlib
import sys

import httpx
import pytest

from failures import cancellation as program
from failures.cancellation import load_profile, main
from helpers import last_line, running, stopped, taken_in


async def test_the_loading_is_stopped_in_the_middle(mock_api):
    await mock_api.hold("/posts")
    await mock_api.hold("/users/5")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /posts")
        await mock_api.release("/users/5")
    assert program.lines == [
        "Loading a profile",
        "The user goes on to Barbara",
        "The loading was stopped",
    ]
    assert await mock_api.endings() == {
        "/users/1": "completed",
        "/users/2": "completed",
        "/posts": "client hung up",
        "/users/5": "completed",
    }


async def test_a_stop_leaves_out_the_rest(mock_api, client):
    for path in ["/users/1", "/users/2", "/posts"]:
        await mock_api.hold(path)
        loading = asyncio.create_task(load_profile(client))
        await mock_api.saw(f"GET {path}")
        assert (await stopped(loading)).cancelled()
        await mock_api.release(path)
    # The client is still open: only cancelling can hang up.
    assert [(e.path, e.ending) for e in await mock_api.log()] == [
        ("/users/1", "client hung up"),
        ("/users/1", "completed"),
        ("/users/2", "client hung up"),
        ("/users/1", "completed"),
        ("/users/2", "completed"),
        ("/posts", "client hung up"),
    ]


async def test_a_failed_request_is_no_stop(mock_api, client):
    await mock_api.fail("/posts", [503])
    profile = "Ada, friend of Grace: 0 posts"
    assert await load_profile(client) == profile
    await mock_api.drop("/posts")
    assert await load_profile(client) == profile


async def test_an_answer_that_is_no_json(mock_api, client):
    await mock_api.answer("/posts", body="no JSON")
    # In JavaScript nobody sees it.
    with pytest.raises(ValueError, match="Expecting value"):
        await load_profile(client)


async def test_too_late_to_stop(mock_api, client):
    await mock_api.hold("/users/5")
    async with running(main(mock_api.url)) as program:
        await mock_api.ended("/posts")
        await taken_in(client)
        await mock_api.release("/users/5")
    assert program.lines[-1] == "Ada, friend of Grace: 10 posts"


async def test_another_failure_is_not_called_a_stop(mock_api, client):
    await mock_api.hold("/users/5")
    await mock_api.fail("/users/1", [500])
    with pytest.raises(ExceptionGroup) as raised:
        async with running(main(mock_api.url)):
            await mock_api.ended("/users/1")
            await taken_in(client)
            await mock_api.release("/users/5")
    [error] = raised.value.exceptions
    assert isinstance(error, httpx.HTTPStatusError)


async def test_if_the_rest_fails_the_loading_is_stopped(mock_api):
    await mock_api.hold("/posts")
    await mock_api.hold("/users/5")
    await mock_api.fail("/users/5", [500])
    with pytest.raises(ExceptionGroup):
        async with running(main(mock_api.url)):
            await mock_api.saw("GET /posts")
            await mock_api.release("/users/5")
    assert (await mock_api.endings())["/posts"] == "client hung up"


async def test_it_ends_only_when_the_loading_has_ended(
    mock_api, monkeypatch
):
    begun, stopping, clean = (asyncio.Event() for _ in range(3))

    async def load_posts(client):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopping.set()
            await clean.wait()

    monkeypatch.setattr(program, "load_posts", load_posts)
    await mock_api.hold("/users/5")
    await mock_api.fail("/users/5", [500])
    with pytest.raises(ExceptionGroup):
        async with running(main(mock_api.url)) as running_main:
            await begun.wait()
            await mock_api.release("/users/5")
            await stopping.wait()
            await asyncio.sleep(0)
            assert not running_main.task.done()
            clean.set()


# What the language does, without the program.


async def test_the_error_goes_up_from_the_innermost_wait():
    way = []

    async def inner():
        try:
            await asyncio.Event().wait()
        finally:
            way.append("inner")

    async def outer():
        try:
            await inner()
        except asyncio.CancelledError:
            way.append("outer")
            raise

    # A task that another task waits for is cancelled with it.
    work = asyncio.create_task(outer())

    async def owner():
        await work

    owning = asyncio.create_task(owner())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await stopped(owning)).cancelled()
    assert work.cancelled()
    assert way == ["inner", "outer"]


async def test_what_the_stop_does_not_reach_runs_on(mock_api, client):
    await mock_api.hold("/users/*")
    started = []

    async def work():
        started.append(asyncio.create_task(client.get("/users/5")))
        await client.get("/users/4")

    working = asyncio.create_task(work())
    await mock_api.saw("GET /users/*", times=2)
    await stopped(working)
    await mock_api.ended("/users/4")
    assert (await mock_api.endings(settled=False))["/users/5"] is None
    await mock_api.release("/users/5")
    assert (await started[0]).status_code == 200
    assert (await mock_api.endings())["/users/5"] == "completed"


# Python only: in JavaScript no wait passes a stop on.
async def test_two_waits_do_not_pass_a_stop_on():
    async def work(waits_for, task):
        await waits_for(task)

    def wait_for_one(task):
        return asyncio.wait([task])

    for waits_for in [wait_for_one, asyncio.shield]:
        other = asyncio.create_task(asyncio.Event().wait())
        working = asyncio.create_task(work(waits_for, other))
        await asyncio.sleep(0)
        assert (await stopped(working)).cancelled()
        assert not other.cancelling()
        await stopped(other)


async def test_a_broad_handler_around_the_work():
    caught = []

    async def work():
        try:
            await asyncio.Event().wait()
        except Exception as error:
            caught.append(error)

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    assert (await stopped(working)).cancelled()
    assert caught == []
    assert not issubclass(asyncio.CancelledError, Exception)
    assert issubclass(asyncio.CancelledError, BaseException)


# Python only: a bare except is broader than except Exception.
async def test_a_bare_except_swallows_the_stop():
    async def work():
        try:
            await asyncio.Event().wait()
        except:  # noqa: E722
            return "lives on"

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    assert (await stopped(working)).result() == "lives on"


async def test_after_a_swallowed_stop_the_work_goes_on(
    mock_api, client
):
    async def work():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return (await client.get("/users/1")).json()["name"]

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    await stopped(working)
    assert working.result() == "Ada"
    assert not working.cancelled()
    assert working.cancelling() == 1
    assert await mock_api.endings() == {"/users/1": "completed"}


# Python only: JavaScript counts no cancellations.
async def test_a_swallowed_stop_can_come_back():
    async def fail():
        raise ValueError("no luck")

    async def work(take_back):
        me = asyncio.current_task()
        assert me
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if take_back:
                me.uncancel()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                await asyncio.Event().wait()
        except* ValueError:
            pass
        await asyncio.sleep(0)

    for take_back in [False, True]:
        working = asyncio.create_task(work(take_back))
        await asyncio.sleep(0)
        await stopped(working)
        comes_back = sys.version_info >= (3, 13) and not take_back
        assert working.cancelled() == comes_back


# Python only: in JavaScript, a time limit is not raised by a block.
async def test_a_swallowed_stop_hides_the_time_limit(clock):
    async def work():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "partial"

    async def limited_work():
        async with asyncio.timeout(3) as limit:
            result = await work()
        return result, limit.expired()

    working = asyncio.create_task(limited_work())
    await clock.advance(3)
    assert await working == ("partial", True)


async def test_stopped_before_the_first_step(mock_api, client):
    steps = []

    async def work():
        try:
            steps.append("begun")
            await client.get("/users/1")
        finally:
            steps.append("cleaned up")

    working = asyncio.create_task(work())
    assert (await stopped(working)).cancelled()
    assert steps == []
    assert await mock_api.log() == []


# Python only: JavaScript has no other kind of start.
async def test_an_eager_task_has_begun():
    steps = []

    async def work():
        steps.append("begun")
        await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        working = asyncio.eager_task_factory(loop, work())
        assert (await stopped(working)).cancelled()
        assert steps == ["begun"]
    else:
        assert not hasattr(asyncio, "eager_task_factory")


async def test_what_the_error_says():
    async def raised_by(*message):
        working = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        working.cancel(*message)
        with pytest.raises(asyncio.CancelledError) as raised:
            await working
        return last_line(raised.value)

    name = "asyncio.exceptions.CancelledError"
    assert await raised_by() == name
    assert await raised_by("left") == f"{name}: left"


async def test_a_stop_only_asks():
    clean = asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            await clean.wait()

    async with asyncio.TaskGroup() as group:
        working = group.create_task(work())
        await asyncio.sleep(0)
        assert working.cancel()
        await asyncio.sleep(0)
        assert not working.done()
        clean.set()
    # The group has waited, and raises nothing.
    assert working.cancelled()
    # Too late: it says so.
    assert not working.cancel()


# Python only: a promise cannot be cancelled, nor can who awaits it.
async def test_whose_cancellation_is_it():
    async def wait_for(work):
        me = asyncio.current_task()
        assert me
        try:
            await work
        except asyncio.CancelledError:
            # Ours, not only that of the work.
            if me.cancelling():
                raise
        return "the work was cancelled"

    work = asyncio.create_task(asyncio.Event().wait())
    waiting = asyncio.create_task(wait_for(work))
    await asyncio.sleep(0)
    work.cancel()
    assert await waiting == "the work was cancelled"
    work = asyncio.create_task(asyncio.Event().wait())
    waiting = asyncio.create_task(wait_for(work))
    await asyncio.sleep(0)
    assert (await stopped(waiting)).cancelled()


async def test_work_of_your_own_that_can_be_stopped(clock):
    loop = asyncio.get_running_loop()
    timers = []

    async def pause(seconds):
        over = loop.create_future()
        timer = loop.call_later(seconds, over.set_result, None)
        timers.append(timer)
        try:
            await over
        finally:
            timer.cancel()

    pausing = asyncio.create_task(pause(3))
    await asyncio.sleep(0)
    assert (await stopped(pausing)).cancelled()
    assert timers[0].cancelled()
    pausing = asyncio.create_task(pause(3))
    await clock.advance(3)
    await pausing

import asyncio
import gc
import json
import sys
import warnings

import httpx
import pytest

from combining.task_groups import load_names, main
from helpers import last_line, running, stopped

PATHS = ["/users/4", "/status/503"]


async def test_a_failure_leaves_the_other_group_alone(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        # None is answered yet: all are in flight together.
        await mock_api.saw("GET /*", times=4)
        await mock_api.release("/status/503")
        await program.prints("None: HTTP 503")
        await mock_api.ended("/users/3")
        await mock_api.release("/users/*")
    assert program.output == "None: HTTP 503\nAll: Grace Edsger\n"
    assert await mock_api.endings() == {
        "/users/2": "completed",
        "/users/4": "completed",
        "/users/3": "client hung up",
        "/status/503": "completed",
    }


async def test_results_keep_the_order_of_the_list(mock_api, client):
    await mock_api.hold("/users/1")
    loading = asyncio.create_task(
        load_names(client, ["/users/1", "/users/2"])
    )
    await mock_api.saw("GET /users/1")
    await mock_api.ended("/users/2")
    await mock_api.release("/users/1")
    assert await loading == ["Ada", "Grace"]


async def test_one_failure_stops_the_siblings(mock_api, client):
    await mock_api.hold("*")
    loading = asyncio.create_task(load_names(client, PATHS))
    await mock_api.saw("GET /*", times=2)
    await mock_api.release("/status/503")
    with pytest.raises(ExceptionGroup) as raised:
        await loading
    assert [str(e) for e in raised.value.exceptions] == ["HTTP 503"]
    # The client is still open: only the group can hang up.
    assert await mock_api.endings() == {
        "/users/4": "client hung up",
        "/status/503": "completed",
    }


# Python only: in JavaScript the group itself is the program's.
async def test_loading_waits_for_what_it_stops(client, monkeypatch):
    clean, stopping = asyncio.Event(), asyncio.Event()

    async def get(path):
        if path == "/status/503":
            return httpx.Response(503)
        try:
            return await asyncio.Event().wait()
        finally:
            stopping.set()
            await clean.wait()

    monkeypatch.setattr(client, "get", get)
    loading = asyncio.create_task(load_names(client, PATHS))
    await stopping.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not loading.done()
    clean.set()
    with pytest.raises(ExceptionGroup):
        await loading


async def test_a_bug_is_not_called_a_failed_request(mock_api):
    await mock_api.answer("/users/2", body="no JSON")
    with pytest.raises(ExceptionGroup) as raised:
        await main(mock_api.url)
    [group] = raised.value.exceptions
    assert isinstance(group, ExceptionGroup)
    [error] = group.exceptions
    assert isinstance(error, json.JSONDecodeError)


async def test_a_lost_connection_is_no_answer(mock_api):
    await mock_api.drop("/users/4")
    with pytest.raises(ExceptionGroup) as raised:
        await main(mock_api.url)
    [group] = raised.value.exceptions
    assert isinstance(group, ExceptionGroup)
    [error] = group.exceptions
    assert isinstance(error, httpx.RemoteProtocolError)


async def test_a_group_can_be_stopped_from_outside(mock_api, client):
    await mock_api.hold("/users/*")
    loading = asyncio.create_task(
        load_names(client, ["/users/4", "/users/5"])
    )
    await mock_api.saw("GET /users/*", times=2)
    # A stop is no failure, so there is no group of errors.
    assert (await stopped(loading)).cancelled()
    assert await mock_api.endings() == {
        "/users/4": "client hung up",
        "/users/5": "client hung up",
    }


async def test_an_empty_group_is_done(client):
    assert await load_names(client, []) == []


# What the language does, without the program.


async def for_ever():
    await asyncio.Event().wait()


async def fail(text="no luck"):
    raise ValueError(text)


def errors(raised):
    return [repr(error) for error in raised.value.exceptions]


async def test_without_a_group_the_siblings_run_on(mock_api, client):
    async def get(path):
        response = await client.get(path)
        response.raise_for_status()

    await mock_api.hold("/users/4")
    calls = [asyncio.create_task(get(path)) for path in PATHS]
    with pytest.raises(httpx.HTTPStatusError):
        await asyncio.gather(*calls)
    await mock_api.saw("GET /users/4")
    running = await mock_api.endings(settled=False)
    assert running["/users/4"] is None
    await mock_api.release("/users/4")
    await calls[0]
    assert (await mock_api.endings())["/users/4"] == "completed"


# Python only: JavaScript has no such function.
async def test_wait_raises_nothing_and_stops_nothing():
    failing = asyncio.create_task(fail())
    sibling = asyncio.create_task(for_ever())
    done, pending = await asyncio.wait(
        [failing, sibling],
        return_when=asyncio.FIRST_EXCEPTION,
    )
    assert (done, pending) == ({failing}, {sibling})
    assert str(failing.exception()) == "no luck"
    assert sibling.cancelling() == 0
    await stopped(sibling)


async def test_the_group_waits_for_what_it_stops(mock_api, client):
    await mock_api.hold("/data")

    async def clean_up_when_stopped():
        try:
            await for_ever()
        finally:
            await client.get("/data")

    async def block():
        async with asyncio.TaskGroup() as group:
            group.create_task(clean_up_when_stopped())
            group.create_task(fail())

    blocking = asyncio.create_task(block())
    await mock_api.saw("GET /data")
    assert not blocking.done()
    await mock_api.release("/data")
    with pytest.raises(ExceptionGroup) as raised:
        await blocking
    assert errors(raised) == ["ValueError('no luck')"]
    assert (await mock_api.endings())["/data"] == "completed"


async def test_a_time_limit_waits_for_the_clean_up_too(clock):
    cleaned = asyncio.Event()

    async def clean_up_when_stopped():
        try:
            await for_ever()
        finally:
            await cleaned.wait()

    async def block():
        async with asyncio.timeout(1), asyncio.TaskGroup() as group:
            group.create_task(clean_up_when_stopped())

    blocking = asyncio.create_task(block())
    await clock.advance(60)
    assert not blocking.done()
    cleaned.set()
    with pytest.raises(TimeoutError):
        await blocking


async def test_two_failures_are_both_kept():
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("first"))
            group.create_task(fail("second"))
    assert errors(raised) == [
        "ValueError('first')",
        "ValueError('second')",
    ]
    assert last_line(raised.value) == (
        "ExceptionGroup: unhandled errors in a TaskGroup"
        " (2 sub-exceptions)"
    )


async def test_one_failure_is_wrapped_too():
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
    assert errors(raised) == ["ValueError('no luck')"]
    assert last_line(raised.value) == (
        "ExceptionGroup: unhandled errors in a TaskGroup"
        " (1 sub-exception)"
    )


async def test_a_failed_clean_up_is_kept_too():
    async def fail_when_stopped():
        try:
            await for_ever()
        finally:
            raise ValueError("clean-up")

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_when_stopped())
            group.create_task(fail())
    assert errors(raised) == [
        "ValueError('no luck')",
        "ValueError('clean-up')",
    ]


# Python only: the function has no body of its own beside its tasks.
async def test_the_failure_of_the_block_comes_last():
    async def fail_when_stopped():
        try:
            await for_ever()
        finally:
            raise ValueError("clean-up")

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_when_stopped())
            await asyncio.sleep(0)
            raise ValueError("block")
    assert errors(raised) == [
        "ValueError('clean-up')",
        "ValueError('block')",
    ]


async def test_a_group_in_a_group_is_stopped_with_it():
    seen = []

    async def inner():
        async with asyncio.TaskGroup() as group:
            seen.append(group.create_task(for_ever()))

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(inner())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            outer.create_task(fail())
    assert errors(raised) == ["ValueError('no luck')"]
    assert seen[0].cancelled()


async def test_an_inner_failure_stops_the_outer_group():
    async def inner():
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("inner"))

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as outer:
            sibling = outer.create_task(for_ever())
            outer.create_task(inner())
    assert sibling.cancelled()
    # The groups are nested as the blocks are.
    [group] = raised.value.exceptions
    assert isinstance(group, ExceptionGroup)
    assert [str(error) for error in group.exceptions] == ["inner"]


async def test_a_failure_wins_over_a_stop_from_outside():
    async def fail_when_stopped():
        try:
            await for_ever()
        finally:
            raise ValueError("clean-up")

    async def block():
        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail_when_stopped())
        assert errors(raised) == ["ValueError('clean-up')"]
        await asyncio.sleep(0)

    blocking = asyncio.create_task(block())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await stopped(blocking)
    # Up to 3.12 the stop is lost, so the block runs to its end.
    assert blocking.cancelled() == (sys.version_info >= (3, 13))
    if not blocking.cancelled():
        await blocking


async def test_a_group_stopped_from_outside_has_no_results():
    async def give_a_result_when_stopped():
        try:
            await for_ever()
        except asyncio.CancelledError:
            return "too late"

    async def block():
        async with asyncio.TaskGroup() as group:
            task = group.create_task(give_a_result_when_stopped())
        return task.result()

    blocking = asyncio.create_task(block())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await stopped(blocking)).cancelled()


async def test_a_task_with_a_stop_of_its_own():
    # A cancelled task is no failure: its sibling goes on.
    go_on = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(for_ever())
        sibling = group.create_task(go_on.wait())
        await asyncio.sleep(0)
        assert (await stopped(task)).cancelled()
        assert not sibling.done()
        go_on.set()
    assert sibling.result() is True
    with pytest.raises(asyncio.CancelledError):
        task.result()


# Python only: the helper has no body of its own beside its tasks.
async def test_a_failure_stops_the_body_too():
    reached = []
    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            reached.append("before the first wait")
            try:
                await for_ever()
            except asyncio.CancelledError:
                reached.append("stopped")
                raise
            reached.append("not reached")
    assert reached == ["before the first wait", "stopped"]


# Python only: the helper takes a list that is complete.
async def test_a_task_can_add_to_its_group():
    added = []

    async def add(group):
        added.append(group.create_task(asyncio.sleep(0, "added")))

    async with asyncio.TaskGroup() as group:
        group.create_task(add(group))
    assert added[0].result() == "added"


class EnoughError(Exception):
    """Only stops the group."""


# Python only: in JavaScript the signal from outside stops the group.
async def test_an_exception_of_your_own_stops_the_group():
    ended = []

    async def load():
        try:
            await for_ever()
        finally:
            ended.append("load")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(load())
            await asyncio.sleep(0)
            raise EnoughError
    except* EnoughError:
        pass
    assert ended == ["load"]


# Python only: in JavaScript the signal from outside stops the group.
async def test_a_group_has_cancel_from_3_15_on():
    reached = []
    if sys.version_info < (3, 15):
        assert not hasattr(asyncio.TaskGroup, "cancel")
        return
    async with asyncio.TaskGroup() as group:
        task = group.create_task(for_ever())
        await asyncio.sleep(0)
        group.cancel()
        await for_ever()
        reached.append("not reached")
    assert task.cancelled()
    assert reached == []


async def work():
    pass


def refusal(group):
    try:
        group.create_task(work())
    except RuntimeError as error:
        return last_line(error)


async def not_entered():
    return refusal(asyncio.TaskGroup())


async def finished():
    async with asyncio.TaskGroup() as group:
        pass
    return refusal(group)


async def shutting_down():
    refused = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            try:
                await for_ever()
            finally:
                refused.append(refusal(group))
    except* ValueError:
        pass
    return refused[0]


async def stopped_from_outside():
    refused = []

    async def add_when_stopped(group):
        try:
            await for_ever()
        finally:
            refused.append(refusal(group))

    async def block():
        async with asyncio.TaskGroup() as group:
            group.create_task(add_when_stopped(group))

    blocking = asyncio.create_task(block())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await stopped(blocking)
    return refused[0]


# Python only: the helper takes its functions before it begins.
@pytest.mark.parametrize(
    ("add", "message"),
    [
        (
            not_entered,
            "RuntimeError: TaskGroup <TaskGroup> has not been entered",
        ),
        (
            finished,
            "RuntimeError: TaskGroup <TaskGroup entered> is finished",
        ),
        (
            shutting_down,
            "RuntimeError: TaskGroup <TaskGroup errors=1 cancelling>"
            " is shutting down",
        ),
        (
            stopped_from_outside,
            "RuntimeError: TaskGroup <TaskGroup tasks=1 cancelling>"
            " is shutting down",
        ),
    ],
)
async def test_a_closed_group_refuses_a_task(add, message):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert await add() == message
        gc.collect()
    # In debug mode, more lines say who made the coroutine.
    lines = [str(w.message).partition("\n")[0] for w in warned]
    never = "coroutine 'work' was never awaited"
    # From 3.13 on the group closes what it refuses.
    assert lines == ([never] if sys.version_info < (3, 13) else [])


# Python only: the helper takes its functions before it begins.
async def test_a_clean_up_can_await_the_coroutine():
    cleaned = []

    async def clean_up(name):
        await asyncio.sleep(0)
        cleaned.append(name)

    async def clean_up_when_stopped():
        try:
            await for_ever()
        finally:
            await clean_up("task")

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(clean_up_when_stopped())
            group.create_task(fail())
            try:
                await for_ever()
            finally:
                await clean_up("block")
    assert errors(raised) == ["ValueError('no luck')"]
    assert sorted(cleaned) == ["block", "task"]

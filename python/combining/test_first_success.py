import asyncio
import gc
import json
import traceback
from typing import Any

import httpx
import pytest

from combining import first_success as program
from combining.first_success import first_success, main
from helpers import printed, reported, running


async def test_all_mirrors_are_asked_together(mock_api, client):
    # Each waits for three in flight: one by one, none is answered.
    await mock_api.rendezvous("/mirrors/*", 3)
    city = await first_success(client, ["lima", "oslo", "pune"])
    assert city in {"Lima", "Oslo", "Pune"}
    assert len(await mock_api.log()) == 3


async def test_what_the_program_prints(mock_api):
    await mock_api.hold("/mirrors/oslo")
    assert await printed(main(mock_api.url)) == (
        "No success: 2 failures\nFirst success: Lima\n"
    )


async def test_a_failure_does_not_decide(mock_api):
    await mock_api.hold("/mirrors/lima")
    await mock_api.hold("/mirrors/oslo")
    async with running(main(mock_api.url)) as running_program:
        await mock_api.ended("/mirrors/rome")
        await mock_api.saw("GET /mirrors/lima")
        await mock_api.saw("GET /mirrors/oslo")
        assert running_program.output == "No success: 2 failures\n"
        await mock_api.release("/mirrors/lima")
    assert running_program.lines[1] == "First success: Lima"


async def test_two_failures_do_not_decide(mock_api, client):
    await mock_api.hold("/mirrors/oslo")
    # No answer at all is a failure, too.
    await mock_api.drop("/mirrors/pune")
    await mock_api.fail("/mirrors/lima", [503])
    asking = asyncio.create_task(
        first_success(client, ["lima", "pune", "oslo"])
    )
    await mock_api.ended("/mirrors/lima")
    await mock_api.ended("/mirrors/pune")
    await mock_api.saw("GET /mirrors/oslo")
    assert not asking.done()
    await mock_api.release("/mirrors/oslo")
    assert await asking == "Oslo"


async def test_the_losers_are_stopped_before_the_answer_is_returned(
    mock_api, client
):
    await mock_api.hold("/mirrors/*")
    before = asyncio.all_tasks()
    asking = asyncio.create_task(
        first_success(client, ["lima", "oslo"])
    )
    await mock_api.saw("GET /mirrors/oslo")
    await mock_api.release("/mirrors/lima")
    assert await asking == "Lima"
    # The client is still open: only cancelling can hang up.
    assert asyncio.all_tasks() == before
    endings = await mock_api.endings()
    assert endings["/mirrors/lima"] == "completed"
    assert endings["/mirrors/oslo"] == "client hung up"


async def test_it_goes_on_only_when_the_losers_have_ended(monkeypatch):
    clean, stopped = asyncio.Event(), asyncio.Event()

    async def ask(_, mirror):
        if mirror == "lima":
            return "Lima"
        # A loser takes a while to end when it is stopped.
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
            await clean.wait()

    monkeypatch.setattr(program, "ask", ask)
    async with httpx.AsyncClient() as client:
        answer = asyncio.create_task(
            first_success(client, ["lima", "oslo"])
        )
        await stopped.wait()
        await asyncio.sleep(0)
        assert not answer.done()
        clean.set()
        assert await answer == "Lima"


# Python only: a promise cannot be cancelled.
async def test_a_second_stop_ends_the_wait_for_the_losers(monkeypatch):
    clean, stopped = asyncio.Event(), asyncio.Event()
    ended = []

    async def ask(_, mirror):
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
            await clean.wait()
            ended.append(mirror)

    monkeypatch.setattr(program, "ask", ask)
    async with httpx.AsyncClient() as client:
        before = asyncio.all_tasks()
        answer = asyncio.create_task(
            first_success(client, ["lima", "oslo"])
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        answer.cancel()
        await stopped.wait()
        await asyncio.sleep(0)
        assert not answer.done()
        answer.cancel()
        await asyncio.wait([answer])
        assert answer.cancelled()
        assert ended == []
        clean.set()
        await asyncio.wait(asyncio.all_tasks() - before)
        assert sorted(ended) == ["lima", "oslo"]


async def test_if_all_fail_every_failure_is_there(mock_api, client):
    await mock_api.hold("/mirrors/bonn")
    await mock_api.drop("/mirrors/nice")
    asking = asyncio.create_task(
        first_success(client, ["bonn", "nice"])
    )
    await mock_api.ended("/mirrors/nice")
    await mock_api.saw("GET /mirrors/bonn")
    # Somebody could still succeed.
    assert not asking.done()
    await mock_api.release("/mirrors/bonn")
    with pytest.raises(ExceptionGroup) as raised:
        await asking
    message = "every mirror has failed (2 sub-exceptions)"
    assert str(raised.value) == message
    # In the order in which they came, not in that of the list.
    assert list(map(type, raised.value.exceptions)) == [
        httpx.RemoteProtocolError,
        httpx.HTTPStatusError,
    ]


async def test_several_that_end_in_one_turn(monkeypatch):
    async def ask(_, mirror):
        if mirror == "lima":
            return "Lima"
        raise httpx.ConnectError(mirror)

    monkeypatch.setattr(program, "ask", ask)
    others = [f"mirror {n}" for n in range(20)]
    async with httpx.AsyncClient() as client:
        assert await first_success(client, [*others, "lima"]) == "Lima"
        assert await first_success(client, ["lima", *others]) == "Lima"


async def test_failures_before_a_success_are_not_reported(monkeypatch):
    reports = reported()

    async def ask(_, mirror):
        if mirror != "rome":
            await asyncio.sleep(0)
        if mirror == "lima":
            return "Lima"
        raise httpx.ConnectError(mirror)

    monkeypatch.setattr(program, "ask", ask)
    async with httpx.AsyncClient() as client:
        # One fails before the success, two fail with it.
        mirrors = ["rome", "bonn", "lima", "nice"]
        assert await first_success(client, mirrors) == "Lima"
    gc.collect()
    assert reports == []


async def test_a_loser_that_fails_while_it_is_stopped(monkeypatch):
    reports = reported()

    async def ask(_, mirror):
        if mirror == "lima":
            return "Lima"
        try:
            await asyncio.Event().wait()
        finally:
            raise httpx.ReadError(mirror)

    monkeypatch.setattr(program, "ask", ask)
    async with httpx.AsyncClient() as client:
        assert await first_success(client, ["oslo", "lima"]) == "Lima"
    gc.collect()
    assert reports == ["Task exception was never retrieved"]


async def test_a_bug_in_the_answer_to_one_mirror(mock_api, client):
    await mock_api.answer("/mirrors/lima", body="no JSON")
    await mock_api.hold("/mirrors/*")
    asking = asyncio.create_task(
        first_success(client, ["lima", "oslo"])
    )
    await mock_api.saw("GET /mirrors/oslo")
    await mock_api.release("/mirrors/lima")
    # It is raised at once, and the other is stopped.
    with pytest.raises(json.JSONDecodeError):
        await asking
    endings = await mock_api.endings()
    assert endings["/mirrors/oslo"] == "client hung up"


async def test_another_error_is_a_bug_of_ours(mock_api, monkeypatch):
    async def first_failing(client, mirrors):
        monkeypatch.undo()
        raise RuntimeError("no luck")

    monkeypatch.setattr(program, "first_success", first_failing)
    # Caught as failures, it would be printed as one of them.
    with pytest.raises(RuntimeError, match="no luck"):
        await printed(main(mock_api.url))


async def test_no_mirrors_no_success(client):
    with pytest.raises(ValueError, match=r"Futures is empty\."):
        await first_success(client, [])


# Python only: a promise cannot be cancelled.
async def test_whoever_gives_up_stops_all_of_them(mock_api, client):
    await mock_api.hold("/mirrors/*")
    before = asyncio.all_tasks()
    asking = asyncio.create_task(
        first_success(client, ["lima", "oslo", "pune"])
    )
    await mock_api.saw("GET /mirrors/*", times=3)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert asyncio.all_tasks() == before
    endings = {e.ending for e in await mock_api.log()}
    assert endings == {"client hung up"}


# What the language does, without the program.


async def good(text="Lima"):
    return text


async def fail(text="no luck"):
    raise ValueError(text)


async def test_a_404_is_a_success_for_the_client(mock_api, client):
    await mock_api.hold("/mirrors/oslo")
    tasks = [
        asyncio.create_task(client.get(f"/mirrors/{city}"))
        for city in ["rome", "oslo"]
    ]
    done, _ = await asyncio.wait(
        tasks, return_when=asyncio.FIRST_COMPLETED
    )
    assert done.pop().result().status_code == 404
    await mock_api.release("/mirrors/oslo")
    await tasks[1]


async def test_the_losers_keep_running(mock_api, client):
    await mock_api.hold("/mirrors/oslo")
    tasks = [
        asyncio.create_task(client.get(f"/mirrors/{city}"))
        for city in ["lima", "oslo"]
    ]
    await mock_api.saw("GET /mirrors/oslo")
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    log = await mock_api.log(settled=False)
    held = [e.path for e in log if e.ending is None]
    assert held == ["/mirrors/oslo"]
    await mock_api.release("/mirrors/oslo")
    assert (await tasks[1]).status_code == 200


# Python only: JavaScript has Promise.any for it.
async def test_as_completed_up_to_the_first_success():
    async def first_good(tasks):
        failures = []
        for result in asyncio.as_completed(tasks):
            try:
                return await result
            except ValueError as error:
                failures.append(error)
        raise ExceptionGroup("all have failed", failures)

    never = asyncio.create_task(asyncio.Event().wait())
    calls = [asyncio.create_task(call) for call in [fail(), good()]]
    assert await first_good([never, *calls]) == "Lima"
    # It stops no loser either.
    await asyncio.sleep(0)
    assert not never.done()
    never.cancel()
    with pytest.raises(ExceptionGroup, match="all have") as raised:
        await first_good([fail(), fail()])
    assert len(raised.value.exceptions) == 2


# Python only: JavaScript has Promise.any for it.
async def test_first_exception_is_the_opposite():
    never = asyncio.create_task(asyncio.Event().wait())
    tasks = [never, asyncio.create_task(fail())]
    done, pending = await asyncio.wait(
        tasks, return_when=asyncio.FIRST_EXCEPTION
    )
    assert done == {tasks[1]}
    assert pending == {never}
    # A success does not end this wait.
    tasks = [never, asyncio.create_task(good())]
    waiting = asyncio.create_task(
        asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    )
    await tasks[1]
    await asyncio.sleep(0)
    assert not waiting.done()
    never.cancel()
    await waiting


# Python only: JavaScript has Promise.any for it.
async def test_a_finished_task_ends_every_wait():
    never = asyncio.create_task(asyncio.Event().wait())
    failed = asyncio.create_task(fail())
    tasks = [never, failed]
    for _ in range(3):
        done, _ = await asyncio.wait(
            tasks, return_when=asyncio.FIRST_COMPLETED
        )
        assert done == {failed}
    never.cancel()
    await asyncio.wait([never])
    failed.cancel()
    gc.collect()


# Python only: JavaScript takes any value.
async def test_wait_takes_tasks():
    call: Any = good()
    with pytest.raises(TypeError) as raised:
        await asyncio.wait([call])
    assert str(raised.value) == (
        "Passing coroutines is forbidden, use tasks explicitly."
    )
    with pytest.raises(TypeError) as raised:
        await asyncio.wait(call)
    message = "expect a list of futures, not coroutine"
    assert str(raised.value) == message
    call.close()


# Python only: JavaScript has Promise.any for it.
async def test_several_tasks_can_be_done():
    tasks = [
        asyncio.create_task(call) for call in [fail(), good(), good()]
    ]
    done, _ = await asyncio.wait(
        tasks, return_when=asyncio.FIRST_COMPLETED
    )
    assert done == set(tasks)
    for task in tasks:
        task.cancel()


# Python only: AggregateError may be empty.
def test_an_exception_group_is_never_empty():
    with pytest.raises(ValueError, match="non-empty sequence"):
        raise ExceptionGroup("no failures", [])


# Python only: an AggregateError looks different.
def test_a_group_shows_where_each_failure_comes_from():
    failures: list[Exception] = []
    for text in ["first", "second"]:
        try:
            raise ValueError(text)
        except ValueError as error:
            failures.append(error)
    try:
        raise ExceptionGroup("every mirror has failed", failures)
    except ExceptionGroup as error:
        shown = traceback.format_exception(error)
    message = (
        "ExceptionGroup: every mirror has failed (2 sub-exceptions)"
    )
    text = "".join(shown)
    assert message in text
    assert "ValueError: first\n" in text
    assert "ValueError: second\n" in text
    # The group and each failure have a place in the program.
    assert text.count("line ") == 3

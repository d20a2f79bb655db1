import asyncio
import inspect

import httpx
import pytest

from combining import first_to_finish
from combining.first_to_finish import first_answer, main
from helpers import printed, run_python


async def test_all_mirrors_are_asked_at_once(mock_api):
    # Each waits for three in flight: one by one, none answers.
    await mock_api.rendezvous("/mirrors/*", 3)
    assert (await printed(main(mock_api.url))).startswith(
        "Asking 3 mirrors\nFirst answer: "
    )
    assert len(await mock_api.log()) == 3


async def test_the_quickest_mirror_is_printed(mock_api):
    await mock_api.hold("/mirrors/oslo")
    await mock_api.hold("/mirrors/lima")
    assert await printed(main(mock_api.url)) == (
        "Asking 3 mirrors\nFirst answer: Pune\n"
    )


async def test_the_first_answer_decides(mock_api, client):
    await mock_api.hold("/mirrors/oslo")
    await mock_api.hold("/mirrors/pune")
    assert await first_answer(client) == "Lima"


async def test_the_losers_are_stopped_before_the_answer_is_returned(
    mock_api, client
):
    await mock_api.hold("/mirrors/oslo")
    await mock_api.hold("/mirrors/lima")
    before = asyncio.all_tasks()
    await first_answer(client)
    # The client is still open: only cancelling can hang up.
    assert asyncio.all_tasks() == before
    endings = await mock_api.endings()
    assert endings == {
        "/mirrors/oslo": "client hung up",
        "/mirrors/lima": "client hung up",
        "/mirrors/pune": "completed",
    }


async def test_a_failure_can_be_the_first(mock_api, client):
    await mock_api.hold("/mirrors/oslo")
    await mock_api.hold("/mirrors/lima")
    await mock_api.fail("/mirrors/pune", [503])
    with pytest.raises(httpx.HTTPStatusError):
        await first_answer(client)
    endings = [e.ending for e in await mock_api.log()]
    assert sorted(endings) == ["client hung up"] * 2 + ["completed"]


# Python only: a promise cannot be cancelled.
async def test_whoever_gives_up_stops_all_of_them(mock_api, client):
    await mock_api.hold("/mirrors/*")
    asking = asyncio.create_task(first_answer(client))
    await mock_api.saw("GET /mirrors/*", times=3)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    endings = {e.ending for e in await mock_api.log()}
    assert endings == {"client hung up"}


async def test_a_second_failure_is_not_reported_as_lost():
    code = """
        import asyncio, gc
        import combining.first_to_finish as program
        async def ask(client, mirror):
            raise ValueError(mirror)
        program.ask = ask
        async def main():
            try:
                await program.first_answer(None)
            except ValueError:
                print("one failure is raised")
            gc.collect()
        asyncio.run(main())"""
    ended = await run_python("-c", inspect.cleandoc(code))
    assert ended.stderr == ""
    assert ended.stdout == "one failure is raised\n"


async def test_a_failure_in_the_clean_up():
    code = """
        import asyncio, gc
        import combining.first_to_finish as program
        async def ask(client, mirror):
            if mirror == "pune":
                return "Pune"
            try:
                await asyncio.Event().wait()
            finally:
                raise ValueError(mirror)
        program.ask = ask
        async def main():
            print(await program.first_answer(None))
            gc.collect()
        asyncio.run(main())"""
    ended = await run_python("-c", inspect.cleandoc(code))
    assert ended.stdout == "Pune\n"
    lost = ended.stderr.count("Task exception was never retrieved")
    assert lost == 2


async def test_it_goes_on_only_when_the_losers_have_ended(
    monkeypatch, clock
):
    clean, stopped = asyncio.Event(), asyncio.Event()

    async def ask(_, mirror):
        if mirror == "pune":
            return "Pune"
        # A loser takes a while to end when it is stopped.
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
            await clean.wait()

    monkeypatch.setattr(first_to_finish, "ask", ask)
    async with httpx.AsyncClient() as client:
        answer = asyncio.create_task(first_answer(client))
        await stopped.wait()
        await clock.advance(60)
        assert not answer.done()
        clean.set()
        assert await answer == "Pune"


# What the language does, without the program.


async def test_the_losers_keep_running(mock_api, client):
    await mock_api.hold("/mirrors/oslo")
    loser = asyncio.create_task(client.get("/mirrors/oslo"))
    winner = asyncio.create_task(client.get("/mirrors/pune"))
    await asyncio.wait(
        {loser, winner}, return_when=asyncio.FIRST_COMPLETED
    )
    [held] = [
        e for e in await mock_api.log(settled=False) if e.ending is None
    ]
    assert held.path == "/mirrors/oslo"
    await mock_api.release("/mirrors/oslo")
    assert (await loser).status_code == 200


async def test_two_can_be_the_first():
    both = {asyncio.create_task(asyncio.sleep(0)) for _ in range(2)}
    done, _ = await asyncio.wait(
        both, return_when=asyncio.FIRST_COMPLETED
    )
    assert done == both


async def test_a_long_wait_that_is_raced_again_and_again():
    async def step():
        await asyncio.sleep(0)

    over = asyncio.create_task(asyncio.Event().wait())
    for _ in range(100):
        one = asyncio.create_task(step())
        await asyncio.wait(
            [over, one], return_when=asyncio.FIRST_COMPLETED
        )
    # wait() takes its callback away again.
    assert not over._callbacks
    over.cancel()
    with pytest.raises(asyncio.CancelledError):
        await over


# Python only: a promise has its handlers, or Node ends.
async def test_a_cancelled_task_keeps_its_failure_to_itself():
    code = """
        import asyncio, gc, sys
        async def fail():
            raise ValueError("no luck")
        async def main():
            task = asyncio.create_task(fail())
            await asyncio.wait([task])
            if "cancel" in sys.argv:
                task.cancel()
            del task
            gc.collect()
        asyncio.run(main())"""
    ended = await run_python("-c", inspect.cleandoc(code))
    assert "Task exception was never retrieved" in ended.stderr
    ended = await run_python("-c", inspect.cleandoc(code), "cancel")
    assert ended.stderr == ""

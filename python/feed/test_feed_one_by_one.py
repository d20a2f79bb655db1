import asyncio

import httpx
import pytest

from feed.feed_one_by_one import main
from helpers import printed, running

CACHED = [
    "Loading…",
    "(cached) Ada: The slowest of three",
    "(cached) Alan: Line up, please",
]


def run_main(mock_api):
    """Run the program in a thread of its own: it blocks."""
    return asyncio.to_thread(main, mock_api.url)


async def test_never_more_than_one_request_is_in_flight(mock_api):
    await mock_api.delay("*", 0.05)
    await printed(run_main(mock_api))
    log = await mock_api.log()
    assert [(entry.path, entry.in_flight) for entry in log] == [
        ("/posts", 1),
        ("/notifications", 1),
        ("/users/1/picture", 1),
        ("/users/2/picture", 1),
        ("/users/3/picture", 1),
    ]


async def test_the_cached_feed_is_shown_before_any_answer(mock_api):
    await mock_api.hold("/posts")
    async with running(run_main(mock_api)) as program:
        await mock_api.saw("GET /posts")
        await program.prints(CACHED[-1])
        assert program.lines == CACHED
        await mock_api.release("/posts")
    assert len(program.lines) == 10


async def test_a_slow_picture_delays_all_that_follows(mock_api):
    await mock_api.hold("/users/1/picture")
    async with running(run_main(mock_api)) as program:
        await mock_api.saw("GET /users/1/picture")
        assert program.lines == CACHED
        assert len(await mock_api.log(settled=False)) == 3
        await mock_api.release("/users/1/picture")
    assert program.lines[3:6] == [
        "[picture] Ada",
        "[picture] Grace",
        "[picture] Alan",
    ]


async def test_a_failing_picture_leaves_the_rest_intact(mock_api):
    await mock_api.fail("/users/2/picture", [503])
    lines = (await printed(run_main(mock_api))).splitlines()
    assert lines[3:] == [
        "[picture] Ada",
        "[no picture] Grace",
        "[picture] Alan",
        "Ada: Hello, loop",
        "Grace: Start first, wait later",
        "Alan: Is it done yet?",
        "3 notifications",
    ]


async def test_after_a_failed_feed_nothing_more_is_asked_for(mock_api):
    await mock_api.fail("/posts", [500])
    with pytest.raises(httpx.HTTPStatusError):
        await printed(run_main(mock_api))
    assert [e.path for e in await mock_api.log()] == ["/posts"]


# Python only: JavaScript has no request that blocks its thread.
async def test_nothing_else_in_its_thread_runs_meanwhile(mock_api):
    await mock_api.hold("/posts")
    order = []

    async def other_work():
        order.append("other work")

    async def beside():
        other = asyncio.create_task(other_work())
        main(mock_api.url)
        order.append("feed")
        await other

    async with running(asyncio.to_thread(asyncio.run, beside())):
        await mock_api.saw("GET /posts")
        order.append("another thread")
        await mock_api.release("/posts")
    assert order == ["another thread", "feed", "other work"]

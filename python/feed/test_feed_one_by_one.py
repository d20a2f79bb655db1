import asyncio
import json

import httpx
import pytest

from feed.feed_one_by_one import main
from helpers import printed, running

START = "(cached) Nothing blocks\n(cached) First post\nLoading…\n"
POSTS = "Hello, loop\nStart first, wait later\nIs it done yet?\n"
OLD_POSTS = "[no new posts] These are the posts of your last visit.\n"
PATHS = [
    "/posts",
    "/notifications",
    "/users/1/picture",
    "/users/2/picture",
    "/users/3/picture",
]


async def test_never_more_than_one_request_is_in_flight(mock_api):
    await mock_api.delay("*", 0.05)
    assert await printed(main(mock_api.url)) == (
        f"{START}{POSTS}[news] 3\n"
        "[picture] Ada\n[picture] Grace\n[picture] Alan\n"
        "Loading has ended.\n"
    )
    log = await mock_api.log()
    assert [e.path for e in log] == PATHS
    assert [e.in_flight for e in log] == [1, 1, 1, 1, 1]


async def test_a_slow_part_holds_up_all_that_follow(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /posts")
        assert program.output == START
        await mock_api.release("/posts")
        await mock_api.saw("GET /notifications")
        assert program.output == START + POSTS
        await mock_api.release("/notifications")
        await mock_api.saw("GET /users/1/picture")
        assert program.output == f"{START}{POSTS}[news] 3\n"
        # Two of five requests have not been sent.
        assert len(await mock_api.log(settled=False)) == 3
        await mock_api.release("*")
    assert program.output.endswith(
        "[picture] Alan\nLoading has ended.\n"
    )


async def test_a_failed_part_costs_only_itself(mock_api):
    await mock_api.fail("/posts", [500])
    await mock_api.drop("/notifications")
    await mock_api.fail("/users/2/picture", [404])
    await mock_api.answer("/users/3/picture", body="<svg>", cut=3)
    assert await printed(main(mock_api.url)) == (
        f"{START}{OLD_POSTS}[no news]\n"
        "[picture] Ada\n[no picture] Grace\n[no picture] Alan\n"
        "Loading has ended.\n"
    )


async def test_an_answer_that_cannot_be_read_is_no_failed_part(
    mock_api,
):
    await mock_api.answer("/notifications", body="<html>")
    with pytest.raises(json.JSONDecodeError):
        await printed(main(mock_api.url))


async def test_the_limits_add_up(mock_api, clock):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        # Five parts, three seconds each: the reader waits fifteen.
        for number, path in enumerate(PATHS, 1):
            await mock_api.saw(f"GET {path}")
            await clock.advance(2.9)
            log = await mock_api.log(settled=False)
            assert [e.ending for e in log].count(None) == 1
            assert len(log) == number
            await clock.advance(0.1)
    assert program.output.count("[no ") == 5
    assert {e.ending for e in await mock_api.log()} == {
        "client hung up"
    }


# What the language does, without the program.


def count_notifications(url):
    return len(httpx.get(f"{url}/notifications").json())


# Python only: Node has no request that blocks its thread.
async def test_a_blocking_request_stops_its_thread(mock_api):
    order = []

    async def other_work():
        order.append("other work")

    async def beside():
        other = asyncio.create_task(other_work())
        order.append(
            f"{count_notifications(mock_api.url)} notifications"
        )
        await other

    await mock_api.hold("/notifications")
    async with running(asyncio.to_thread(asyncio.run, beside())):
        await mock_api.saw("GET /notifications")
        order.append("another thread")
        await mock_api.release("/notifications")
    assert order == ["another thread", "3 notifications", "other work"]


# Python only: a JavaScript request cannot be made without async.
async def test_async_alone_is_not_faster(mock_api, client):
    async def ask_async():
        for path in PATHS:
            await client.get(path)

    def ask():
        with httpx.Client(base_url=mock_api.url) as blocking:
            for path in PATHS:
                blocking.get(path)

    await mock_api.delay("*", 0.05)
    await ask_async()
    await asyncio.to_thread(ask)
    log = await mock_api.log()
    # With async or without: one request after the other.
    assert [e.path for e in log] == PATHS + PATHS
    assert {e.in_flight for e in log} == {1}


async def test_other_work_goes_on_meanwhile(mock_api):
    await mock_api.hold("/posts")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /posts")
        # This test is such other work, in the same thread.
        assert program.output == START
        await mock_api.release("/posts")
    assert program.output != START

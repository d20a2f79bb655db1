import asyncio
from typing import Any

import httpx
import pytest

from feed.social_feed import main
from helpers import printed, running

CACHED = "(cached) Nothing blocks\n(cached) First post\n"
POSTS = "Hello, loop\nStart first, wait later\nIs it done yet?\n"
OLD_POSTS = "[no new posts] These are the posts of your last visit.\n"


async def test_all_parts_are_asked_for_at_once(mock_api):
    # Each waits until all five are in flight.
    await mock_api.rendezvous("*", 5)
    assert "no " not in await printed(main(mock_api.url))
    assert max(entry.in_flight for entry in await mock_api.log()) == 5


async def test_the_cached_feed_is_shown_before_any_answer(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET *", times=5)
        assert program.output == CACHED + "Loading…\n"
        await mock_api.release("*")


async def test_each_part_is_shown_as_it_arrives(mock_api):
    parts = {
        "/posts": POSTS,
        "/users/3/picture": "[picture] Alan\n",
        "/notifications": "[news] 3\n",
        "/users/1/picture": "[picture] Ada\n",
        "/users/2/picture": "[picture] Grace\n",
    }
    await mock_api.hold("*")
    expected = CACHED + "Loading…\n"
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET *", times=5)
        # All the others are still held when a part has to be there.
        for path, text in parts.items():
            assert program.output == expected
            await mock_api.release(path)
            await program.prints(text)
            expected += text
    assert program.output == expected + "Loading has ended.\n"


@pytest.mark.parametrize("status", [404, 503])
async def test_a_failing_picture_costs_one_picture(mock_api, status):
    await mock_api.fail("/users/2/picture", [status])
    output = await printed(main(mock_api.url))
    for text in (
        "[picture] Ada",
        "[no picture] Grace",
        "[picture] Alan",
    ):
        assert text + "\n" in output
    assert POSTS in output
    assert output.endswith("Loading has ended.\n")


async def test_a_picture_that_breaks_off_costs_one_picture(mock_api):
    await mock_api.answer("/users/2/picture", body="picture", cut=3)
    output = await printed(main(mock_api.url))
    assert "[no picture] Grace\n" in output
    assert output.count("[picture]") == 2
    assert output.endswith("Loading has ended.\n")


async def test_failing_posts_leave_the_cached_ones(mock_api):
    await mock_api.fail("/posts", [500])
    output = await printed(main(mock_api.url))
    assert output.startswith(CACHED)
    assert OLD_POSTS in output
    assert output.count("[picture]") == 3
    assert output.endswith("Loading has ended.\n")


async def test_without_a_connection_loading_ends(mock_api):
    await mock_api.drop("*")
    output = await printed(main(mock_api.url))
    assert output.startswith(CACHED + "Loading…\n")
    assert OLD_POSTS in output
    assert "[no news]\n" in output
    assert output.count("[no picture]") == 3
    assert output.endswith("Loading has ended.\n")


async def test_after_three_seconds_of_silence_loading_ends(
    mock_api, clock
):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET *", times=5)
        await clock.advance(2.999)
        held = await mock_api.log(settled=False)
        assert [entry.ending for entry in held] == [None] * 5
        assert program.output == CACHED + "Loading…\n"
        await clock.advance(0.001)
        endings = {entry.ending for entry in await mock_api.log()}
        assert endings == {"client hung up"}
    assert program.output.count("[no ") == 5
    assert program.output.endswith("Loading has ended.\n")


# Python only: Promise.all stops nothing.
async def test_a_bug_stops_the_other_parts(mock_api, monkeypatch):
    def buggy(text, *rest, **options):
        if "[news]" in text:
            raise KeyError("a bug")

    await mock_api.hold("*")
    before = asyncio.all_tasks()
    monkeypatch.setattr("builtins.print", buggy)
    program = asyncio.create_task(main(mock_api.url))
    await mock_api.saw("GET *", times=5)
    await mock_api.release("/notifications")
    with pytest.raises(ExceptionGroup) as raised:
        await program
    monkeypatch.undo()
    assert raised.group_contains(KeyError)
    # No task of the group outlives it.
    assert asyncio.all_tasks() == before


async def test_a_body_that_is_not_json_is_such_a_bug(mock_api):
    await mock_api.answer("/notifications", body="<html>")
    with pytest.raises(ExceptionGroup) as raised:
        await main(mock_api.url)
    assert raised.group_contains(ValueError)


# Python only: the catch of JavaScript does not name an error.
async def test_another_error_is_no_failed_request(
    mock_api, monkeypatch
):
    def buggy(*_):
        raise TypeError("a bug")

    monkeypatch.setattr(httpx.AsyncClient, "get", buggy)
    with pytest.raises(ExceptionGroup) as raised:
        await main(mock_api.url)
    assert raised.group_contains(TypeError)


# What the clients do, without the program.


async def test_which_error_a_lost_connection_is(mock_api):
    await mock_api.drop("/notifications")
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        with pytest.raises(httpx.HTTPError):
            await client.get("/notifications")
    post: Any = None
    with pytest.raises(TypeError) as bug:
        post["title"]
    assert not isinstance(bug.value, httpx.HTTPError)


async def test_a_500_is_an_answer(mock_api):
    await mock_api.fail("/notifications", [500])
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        assert (await client.get("/notifications")).status_code == 500

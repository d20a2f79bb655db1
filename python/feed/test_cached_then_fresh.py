import asyncio
import sys
from typing import Any

import pytest

from feed.cached_then_fresh import Feed, get_title, main, refresh
from helpers import running

CACHED = "The slowest of three"
OLDER = "Start first, wait later"
NEWER = "Hello, loop"


async def test_the_cached_title_is_shown_before_any_answer(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        await mock_api.saw("GET /posts/*", times=2)
        assert program.lines == [f"(cached) {CACHED}"]
        await mock_api.release("*")


async def test_a_late_answer_does_not_overwrite_a_newer_one(mock_api):
    await mock_api.hold("/posts/9")
    async with running(main(mock_api.url)) as program:
        await program.prints(f"(fresh) {NEWER}")
        await mock_api.release("/posts/9")
    assert program.lines == [
        f"(cached) {CACHED}",
        f"(fresh) {NEWER}",
        f"(too late) {OLDER}",
        f"The feed shows: {NEWER}",
    ]


async def test_an_early_answer_is_shown_until_a_newer_one_comes(
    mock_api, client, capsys
):
    feed = Feed()
    await mock_api.hold("/posts/10")
    async with asyncio.TaskGroup() as group:
        older = group.create_task(refresh(client, feed, "/posts/9"))
        group.create_task(refresh(client, feed, "/posts/10"))
        await older
        assert feed.title == OLDER
        await mock_api.release("/posts/10")
    assert feed.title == NEWER
    output = capsys.readouterr().out
    assert output == f"(fresh) {OLDER}\n(fresh) {NEWER}\n"


async def test_a_failed_refresh_changes_nothing(mock_api, client):
    feed = Feed()
    await mock_api.fail("/posts/10", [503])
    await refresh(client, feed, "/posts/10")
    assert feed.title == CACHED
    await mock_api.answer("/posts/10", body="{}", cut=1)
    await refresh(client, feed, "/posts/10")
    assert feed.title == CACHED
    await mock_api.drop("/posts/10")
    await refresh(client, feed, "/posts/10")
    assert feed.title == CACHED


async def test_an_answer_that_is_not_json_is_no_failed_request(
    mock_api, client
):
    await mock_api.answer("/posts/10", body="<html>")
    with pytest.raises(ValueError, match="Expecting value"):
        await refresh(client, Feed(), "/posts/10")


async def test_a_newer_refresh_that_fails_outdates_nothing(
    mock_api, client, capsys
):
    feed = Feed()
    await mock_api.hold("/posts/9")
    await mock_api.fail("/posts/10", [503])
    async with asyncio.TaskGroup() as group:
        group.create_task(refresh(client, feed, "/posts/9"))
        await mock_api.saw("GET /posts/9")
        await refresh(client, feed, "/posts/10")
        await mock_api.release("/posts/9")
    assert feed.title == OLDER
    assert capsys.readouterr().out == f"(fresh) {OLDER}\n"


# What the language does, without the program.


async def test_unchecked_the_last_answer_to_come_wins(mock_api, client):
    feed = Feed()

    async def unchecked(path):
        feed.title = await get_title(client, path) or "none"

    await mock_api.hold("/posts/9")
    older = asyncio.create_task(unchecked("/posts/9"))
    await mock_api.saw("GET /posts/9")
    await unchecked("/posts/10")
    assert feed.title == NEWER
    await mock_api.release("/posts/9")
    await older
    assert feed.title == OLDER


async def test_only_the_last_question_counts(mock_api, client):
    asked, shown = 0, []

    async def search(path):
        nonlocal asked
        asked += 1
        number = asked
        title = await get_title(client, path)
        # Another question came meanwhile: nobody wants this answer.
        if number == asked:
            shown.append(title)

    await mock_api.hold("/posts/10")
    older = asyncio.create_task(search("/posts/9"))
    newer = asyncio.create_task(search("/posts/10"))
    await older
    assert shown == []
    await mock_api.release("/posts/10")
    await newer
    assert shown == [NEWER]


async def test_the_older_request_hangs_up_when_told(mock_api, client):
    await mock_api.hold("/posts/9")
    older = asyncio.create_task(get_title(client, "/posts/9"))
    await mock_api.saw("GET /posts/9")
    older.cancel()
    assert await get_title(client, "/posts/10") == NEWER
    with pytest.raises(asyncio.CancelledError):
        await older
    endings = await mock_api.endings()
    assert endings == {
        "/posts/9": "client hung up",
        "/posts/10": "completed",
    }


# Python only: an abort reaches nobody once the answer is in.
async def test_a_cancel_still_stops_an_answer_that_is_in(
    mock_api, client
):
    feed = Feed()

    async def show():
        answer = asyncio.create_task(get_title(client, "/posts/9"))
        # Just between the answer and the line that would show it.
        answer.add_done_callback(lambda _: showing.cancel())
        feed.title = await answer or "none"

    showing = asyncio.create_task(show())
    with pytest.raises(asyncio.CancelledError):
        await showing
    [entry] = await mock_api.log()
    assert entry.ending == "completed"
    assert feed.title == CACHED


# Python only: JavaScript has no such function.
async def test_wait_for_on_3_11_catches_the_cancellation(
    mock_api, client
):
    feed = Feed()

    async def show(limited):
        showing: Any = asyncio.current_task()
        answer = asyncio.create_task(get_title(client, "/posts/9"))
        answer.add_done_callback(lambda _: showing.cancel())
        feed.title = await limited(answer) or "none"

    async def by_wait_for(answer):
        return await asyncio.wait_for(answer, 3)

    async def by_timeout(answer):
        async with asyncio.timeout(3):
            return await answer

    async def shown(limited):
        feed.title = CACHED
        await asyncio.wait([asyncio.create_task(show(limited))])
        return feed.title

    assert await shown(by_timeout) == CACHED
    lost = sys.version_info < (3, 12)
    assert await shown(by_wait_for) == (OLDER if lost else CACHED)


# Python only: an abort throws into nobody.
async def test_who_catches_the_cancellation_goes_on(mock_api, client):
    feed = Feed()

    async def show():
        try:
            await get_title(client, "/posts/9")
        except asyncio.CancelledError:
            feed.title = "shown all the same"

    await mock_api.hold("/posts/9")
    showing = asyncio.create_task(show())
    await mock_api.saw("GET /posts/9")
    showing.cancel()
    await showing
    assert feed.title == "shown all the same"

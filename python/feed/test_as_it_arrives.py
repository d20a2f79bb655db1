import asyncio
import sys
from typing import Any

import httpx
import pytest

from feed.as_it_arrives import get_picture, main
from helpers import running


def start(client):
    return [
        asyncio.create_task(get_picture(client, name))
        for name in ("Ada", "Grace", "Edsger")
    ]


async def test_each_picture_is_handled_when_it_comes(mock_api):
    await mock_api.hold("*")
    async with running(main(mock_api.url)) as program:
        for author_id, name in [
            (4, "Edsger"),
            (1, "Ada"),
            (2, "Grace"),
        ]:
            await mock_api.release(f"/users/{author_id}/picture")
            await program.prints(f"[picture] {name}")
        await mock_api.release("*")
    assert program.lines == [
        "[picture] Edsger",
        "[picture] Ada",
        "[picture] Grace",
        "[no picture] Nobody",
        "That was the last one",
    ]


async def test_all_together_come_when_the_slowest_is_in(
    mock_api, client
):
    await mock_api.hold("/users/2/picture")
    tasks = start(client)
    together = asyncio.gather(*tasks)
    assert await tasks[0] == "[picture] Ada"
    assert await tasks[2] == "[picture] Edsger"
    assert not together.done()
    await mock_api.release("/users/2/picture")
    assert await together == [
        "[picture] Ada",
        "[picture] Grace",
        "[picture] Edsger",
    ]


async def test_a_missing_picture_says_whose_it_is(mock_api):
    await mock_api.answer("/users/2/picture", body="half", cut=2)
    await mock_api.drop("/users/9/picture")
    await mock_api.fail("/users/4/picture", [503])
    await mock_api.hold("/users/1/picture")
    async with running(main(mock_api.url)) as program:
        for name in ("Grace", "Edsger", "Nobody"):
            await program.prints(f"[no picture] {name}\n")
        await mock_api.release("*")
    assert program.lines[3] == "[picture] Ada"


# What the language does, without the program.


async def test_a_failure_costs_one_turn():
    async def get(fails):
        if fails:
            raise ZeroDivisionError
        return "good"

    turns = []
    for place in asyncio.as_completed([get(True), get(False)]):
        try:
            turns.append(await place)
        except ZeroDivisionError:
            turns.append("failed")
    assert sorted(turns) == ["failed", "good"]


async def test_a_failure_waits_for_its_turn():
    async def fail():
        raise ZeroDivisionError

    tasks = [asyncio.create_task(fail()) for _ in range(2)]
    await asyncio.wait(tasks)
    for place in asyncio.as_completed(tasks):
        with pytest.raises(ZeroDivisionError):
            await place


async def test_what_comes_out_is_not_what_went_in(client):
    tasks = start(client)
    for place in asyncio.as_completed(tasks):
        assert place not in tasks
        assert await place in [await task for task in tasks]


async def test_nothing_in_nothing_out():
    assert list(asyncio.as_completed([])) == []


async def test_break_does_not_stop_the_others(mock_api, client):
    await mock_api.hold("/users/1/picture")
    await mock_api.hold("/users/4/picture")
    tasks = start(client)
    for place in asyncio.as_completed(tasks):
        assert await place == "[picture] Grace"
        break
    log = await mock_api.log(settled=False)
    assert [e.ending for e in log].count(None) == 2
    await mock_api.release("*")
    await asyncio.wait(tasks)


# Python only: fetch has no client that could be closed.
async def test_a_client_that_closes_ends_its_requests(mock_api):
    await mock_api.hold("/users/1/picture")
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        paths = ["/users/1/picture", "/users/2/picture"]
        tasks = [asyncio.create_task(client.get(p)) for p in paths]
        await mock_api.saw("GET /users/1/picture")
        for place in asyncio.as_completed(tasks):
            assert (await place).url.path.endswith(paths[1])
            break
    with pytest.raises(httpx.ReadError):
        await tasks[0]
    assert await mock_api.endings() == {
        paths[0]: "client hung up",
        paths[1]: "completed",
    }


# Python only: in JavaScript the result must say whose it is.
async def test_async_for_gives_the_tasks_themselves(mock_api, client):
    tasks = start(client)
    places: Any = asyncio.as_completed(tasks)
    if sys.version_info >= (3, 13):
        came = {task async for task in places}
        assert came == set(tasks)
    else:
        with pytest.raises(TypeError) as raised:
            async for _ in places:
                pass
        assert str(raised.value) == (
            "'async for' requires an object with __aiter__ method, "
            "got generator"
        )
        await asyncio.wait(tasks)


# Python only: for await takes any list.
async def test_async_for_refuses_a_list(client):
    tasks: Any = start(client)
    with pytest.raises(TypeError) as raised:
        async for _ in tasks:
            pass
    assert str(raised.value) == (
        "'async for' requires an object with __aiter__ method, got list"
    )
    await asyncio.wait(tasks)


async def test_a_list_that_is_still_to_come(client):
    async def get_posts():
        return ["Hello, loop"]

    posts: Any = get_posts()
    with pytest.raises(TypeError) as raised:
        async for _ in posts:
            pass
    assert str(raised.value) == (
        "'async for' requires an object with __aiter__ method, "
        "got coroutine"
    )
    assert await posts == ["Hello, loop"]

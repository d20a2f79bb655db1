import asyncio
import logging
import threading
import time

import httpx
import pytest

from helpers import printed
from parallelism.blocking_the_loop import load_users, main


def ask(url):
    return httpx.get(url).status_code


async def test_nothing_else_happens_while_the_loop_is_blocked(
    mock_api,
):
    users = "Ada is here\nGrace is here\n"
    assert await printed(main(mock_api.url)) == (
        "Blocking the loop:\n"
        "The report is written\n"
        f"{users}"
        "Blocking a thread:\n"
        f"{users}"
        "The report is written\n"
    )
    log = await mock_api.log()
    last_user, last_post = log[-2:]
    assert last_post.path == "/posts"
    assert last_user.ended_event < last_post.started_event


async def test_an_answer_that_is_there_is_not_read(mock_api):
    # Two must ask for the first user: the task and the blocking client.
    await mock_api.rendezvous("/users/1", 2)
    async with httpx.AsyncClient(base_url=mock_api.url) as client:
        loading = asyncio.create_task(load_users(client))
        await mock_api.saw("GET /users/1")
        ask(f"{mock_api.url}/users/1")
        ask(f"{mock_api.url}/notifications?delay=0.1")
        await loading
    first, _, blocking, second = await mock_api.log()
    assert (first.path, second.path) == ("/users/1", "/users/2")
    assert first.ended_event < blocking.started_event
    assert blocking.ended_event < second.started_event


async def test_a_task_can_wake_a_thread_but_not_its_own_loop():
    woken = threading.Event()

    async def wake():
        woken.set()

    waking = asyncio.create_task(wake())
    assert not woken.wait(0.05)
    await waking
    assert woken.is_set()

    woken.clear()
    waiting = asyncio.create_task(asyncio.to_thread(woken.wait, 10))
    await asyncio.create_task(wake())
    assert await waiting


async def test_no_time_limit_interrupts_a_blocking_call():
    def block():
        time.sleep(0.05)

    async with asyncio.timeout(0.01) as limit:  # noqa: ASYNC100
        block()
    assert not limit.expired()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            block()
            await asyncio.sleep(10)


# Python only: JavaScript has no client that blocks.
async def test_blocking_requests_go_one_by_one_whatever_gathers_them(
    mock_api,
):
    async def ask_here():
        return ask(f"{mock_api.url}/data")

    await asyncio.gather(ask_here(), ask_here())
    assert [e.in_flight for e in await mock_api.log()] == [1, 1]


# Python only: JavaScript has no client that blocks.
async def test_blocking_requests_in_threads_are_in_flight_together(
    mock_api,
):
    await mock_api.rendezvous("/data", 2)
    url = f"{mock_api.url}/data"
    await asyncio.gather(
        asyncio.to_thread(ask, url), asyncio.to_thread(ask, url)
    )
    assert [e.status for e in await mock_api.log()] == [200, 200]


# Python only: Node has no such mode, but measures the delay.
async def test_debug_mode_names_the_step_that_took_long(caplog):
    async def slow():
        ask_nobody()

    def ask_nobody():
        time.sleep(0.15)

    loop = asyncio.get_running_loop()
    debug = loop.get_debug()
    loop.set_debug(True)
    try:
        with caplog.at_level(logging.WARNING, "asyncio"):
            await asyncio.create_task(slow(), name="slow task")
            await asyncio.sleep(0)
    finally:
        loop.set_debug(debug)
    # On a busy machine other steps may take long, too.
    [message] = [
        message
        for message in caplog.messages
        if "name='slow task'" in message
    ]
    assert message.startswith("Executing <Task")
    assert " took " in message

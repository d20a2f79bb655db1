import asyncio
import logging
import threading
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx
import pytest

from helpers import printed, run_python, running
from parallelism.blocking_the_loop import fetch_report, load_users, main


def ask(url):
    return httpx.get(url).status_code


async def test_nothing_else_happens_while_the_loop_is_blocked(
    mock_api,
):
    await mock_api.delay("*", 0)
    for path in "/notifications", "/users/1", "/posts/1":
        await mock_api.hold(path)
    # In a process of its own: it blocks its event loop.
    program = asyncio.create_task(
        run_python(
            "parallelism/blocking_the_loop.py", API_URL=mock_api.url
        )
    )
    await mock_api.saw("/users/1")
    await mock_api.release("/notifications")
    await mock_api.saw("/posts/1")
    await mock_api.release("/users/1")
    await mock_api.ended("/users/1")
    # The answer is there. Nobody reads it and asks for the next user.
    paths = [e.path for e in await mock_api.log(settled=False)]
    assert sorted(paths) == ["/notifications", "/posts/1", "/users/1"]
    await mock_api.release("/posts/1")
    finished = await program
    assert (finished.code, finished.stderr) == (0, "")
    assert finished.stdout.startswith(
        "Blocking the loop:\nThe report is here\n"
        "Ada is here\nGrace is here\n"
    )
    log = {e.path: e for e in await mock_api.log()}
    block, second = log["/posts/1"], log["/users/2"]
    assert block.ended_event < second.started_event


async def test_a_call_that_blocks_elsewhere_stops_nobody(mock_api):
    await mock_api.delay("*", 0)
    await mock_api.hold("/posts/2")
    await mock_api.hold("/users/4")
    async with running(main(mock_api.url)) as program:
        # The thread waits, and so does the first user.
        await mock_api.saw("/posts/2")
        await mock_api.saw("/users/4")
        await mock_api.release("/users/4")
        await program.prints("Edsger is here\nBarbara is here\n")
        log = {e.path: e for e in await mock_api.log(settled=False)}
        assert log["/posts/2"].ending is None
        await mock_api.release("/posts/2")
    assert program.output.endswith("The report is here\n")


async def test_a_report_that_fails_ends_the_call_with_an_error(
    mock_api,
):
    await mock_api.delay("*", 0)
    await mock_api.fail("/posts/1", [500])
    with pytest.raises(HTTPError, match="HTTP Error 500") as raised:
        await asyncio.to_thread(fetch_report, f"{mock_api.url}/posts/1")
    raised.value.close()

    await mock_api.fail("/posts/2", [500])
    with pytest.raises(ExceptionGroup) as raised_elsewhere:
        await printed(main(mock_api.url))
    [error] = raised_elsewhere.value.exceptions
    assert isinstance(error, HTTPError)
    error.close()


async def test_a_user_that_fails_ends_the_call_with_an_error(
    mock_api, client
):
    await mock_api.delay("*", 0)
    await mock_api.fail("/users/1", [500])
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await load_users(client, (1, 2))


# What the language does, without the program.


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


def block():
    time.sleep(0.05)


async def test_no_time_limit_interrupts_a_blocking_call():
    async with asyncio.timeout(0.01) as limit:
        block()
        # An await that does not have to wait changes nothing.
        await asyncio.gather()
    assert not limit.expired()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            block()
            # This one really waits.
            await asyncio.sleep(10)


async def test_a_blocking_call_has_a_limit_of_its_own(mock_api):
    await mock_api.hold("/posts/1")

    def fetch():
        urlopen(f"{mock_api.url}/posts/1", timeout=0.05).close()

    with pytest.raises(TimeoutError, match="timed out"):
        await asyncio.to_thread(fetch)


# Python only: JavaScript's fetch cannot block.
async def test_blocking_requests_go_one_by_one_whatever_gathers_them(
    mock_api,
):
    async def ask_here():
        return ask(f"{mock_api.url}/data")

    await asyncio.gather(ask_here(), ask_here())
    assert [e.in_flight for e in await mock_api.log()] == [1, 1]


# Python only: JavaScript's fetch cannot block.
async def test_blocking_requests_in_threads_are_in_flight_together(
    mock_api,
):
    await mock_api.rendezvous("/data", 2)
    url = f"{mock_api.url}/data"
    await asyncio.gather(
        asyncio.to_thread(ask, url), asyncio.to_thread(ask, url)
    )
    assert [e.status for e in await mock_api.log()] == [200, 200]


# Python only: JavaScript has no such pair of names.
async def test_time_sleep_is_such_a_call():
    order = []

    async def other():
        order.append("other")

    task = asyncio.create_task(other())
    block()
    order.append("time.sleep is over")
    await asyncio.sleep(0.01)
    order.append("asyncio.sleep is over")
    await task
    assert order == [
        "time.sleep is over",
        "other",
        "asyncio.sleep is over",
    ]


# Python only: Node has no such mode.
async def test_debug_mode_names_the_step_that_took_long(caplog):
    async def slow():
        block_long()

    def block_long():
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
    message = next(m for m in caplog.messages if "slow task" in m)
    assert message.startswith("Executing <Task")
    assert " took 0." in message
    assert message.endswith(" seconds")


# Python only: Node has no such mode.
async def test_a_blocked_loop_is_only_logged_in_debug_mode():
    source = (
        "import asyncio, time\n"
        "async def main():\n"
        "    time.sleep(0.15)\n"
        "asyncio.run(main())\n"
    )
    quiet = await run_python("-c", source)
    assert (quiet.stdout, quiet.stderr) == ("", "")
    loud = await run_python("-X", "dev", "-c", source)
    assert "Executing <Task finished name='Task-1'" in loud.stderr

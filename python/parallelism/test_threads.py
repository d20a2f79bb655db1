import asyncio
import contextvars
import threading

import httpx
import pytest

from helpers import printed, run_python
from parallelism.threads import get_name, main


async def test_what_becomes_of_the_list(mock_api):
    assert await printed(main(mock_api.url)) == (
        "In the thread: Ada, Grace\n"
        "Here: Ada, Grace\n"
        "Called off: Ada, Grace, Barbara\n"
    )


async def test_an_error_comes_back_to_whoever_waits(mock_api):
    await mock_api.fail("/users/2", [500])
    with pytest.raises(httpx.HTTPStatusError):
        await printed(main(mock_api.url))


async def test_the_program_waits_for_its_threads():
    finished = await run_python(
        "-c",
        "import asyncio, threading, time\n"
        "ending = threading.Event()\n"
        "def work():\n"
        "    ending.wait()\n"
        "    time.sleep(0.2)\n"
        "    print('The thread ends')\n"
        "async def main():\n"
        "    asyncio.create_task(asyncio.to_thread(work))\n"
        "    await asyncio.sleep(0)\n"
        "    print('The main function ends')\n"
        "    ending.set()\n"
        "asyncio.run(main())\n",
    )
    assert finished.stderr == ""
    assert finished.stdout == (
        "The main function ends\nThe thread ends\n"
    )


# Python only: a worker can be terminated, a thread cannot.
async def test_a_cancelled_thread_works_on(mock_api):
    await mock_api.hold("/users/5")
    names = []
    ended = threading.Event()

    def work():
        names.append(get_name(mock_api.url, 5))
        ended.set()

    working = asyncio.create_task(asyncio.to_thread(work))
    await mock_api.saw("GET /users/5")
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert names == []
    await mock_api.release("/users/5")
    await asyncio.to_thread(ended.wait)
    assert names == ["Barbara"]
    [entry] = await mock_api.log()
    assert entry.ending == "completed"


# Python only: a worker has a loop of its own.
async def test_a_thread_has_no_loop_but_may_ask_ours():
    with pytest.raises(
        RuntimeError,
        match="There is no current event loop in thread 'asyncio_",
    ):
        await asyncio.to_thread(asyncio.get_event_loop)

    loop = asyncio.get_running_loop()

    async def where():
        return threading.get_ident()

    def ask():
        asking = asyncio.run_coroutine_threadsafe(where(), loop)
        return asking.result(), threading.get_ident()

    asked, asker = await asyncio.to_thread(ask)
    assert asked == threading.get_ident() != asker


# Python only: between workers there are messages and nothing else.
async def test_a_thread_may_only_ask_the_loop():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    received: asyncio.Queue[int] = asyncio.Queue()
    receiving = asyncio.create_task(received.get())
    await asyncio.sleep(0)
    with pytest.raises(
        RuntimeError, match="Non-thread-safe operation invoked"
    ):
        await asyncio.to_thread(loop.call_soon, received.put_nowait, 1)
    await asyncio.to_thread(
        loop.call_soon_threadsafe, received.put_nowait, 2
    )
    assert await receiving == 2


# Python only: a worker begins with nothing but what it is given.
async def test_the_context_goes_along():
    request = contextvars.ContextVar[str]("request")
    request.set("number 7")
    assert await asyncio.to_thread(request.get) == "number 7"

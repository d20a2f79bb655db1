import asyncio
import hashlib
import multiprocessing
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import httpx
import pytest

from helpers import printed, running
from parallelism.io_bound_or_cpu_bound import (
    compute_in_task,
    in_process,
    main,
    show,
)


async def nothing():
    pass


async def test_what_each_way_does_to_the_loop(mock_api):
    assert await printed(main(mock_api.url)) == (
        "I/O in tasks: loop free\n"
        "CPU in tasks: loop blocked\n"
        "CPU in threads: loop free\n"
        "CPU in processes: loop free\n"
    )
    # The pool is closed: none of its processes is left.
    assert multiprocessing.active_children() == []
    log = await mock_api.log()
    paths = [entry.path for entry in log]
    assert paths == ["/users/1"] * 4


async def test_waits_in_tasks_overlap(mock_api, client):
    await mock_api.hold("/users/1")
    ask = partial(client.get, "/users/1")
    async with running(show("I/O in tasks", ask, nothing)):
        # None has its answer, and all have been sent.
        await mock_api.saw("GET /users/1", 2)
        await mock_api.release("/users/1")
    assert [entry.in_flight for entry in await mock_api.log()] == [1, 2]


async def test_awaited_one_by_one_waits_add_up(mock_api, client):
    await mock_api.hold("/users/1")
    ask = partial(client.get, "/users/1")
    async with running(show("I/O one by one", nothing, ask)):
        await mock_api.saw("GET /users/1")
        # A second one would have left before this.
        await client.get("/data")
        await mock_api.release("/users/1")
    log = await mock_api.log()
    assert [entry.path for entry in log] == [
        "/users/1",
        "/data",
        "/users/1",
    ]
    assert [entry.in_flight for entry in log] == [1, 2, 1]


async def test_a_failure_is_no_fast_answer(mock_api):
    await mock_api.fail("/users/1", [500])
    with pytest.raises(httpx.HTTPStatusError):
        await printed(main(mock_api.url))


async def test_computations_in_tasks_come_before_anything_else():
    output = await printed(
        show("CPU in tasks", compute_in_task, compute_in_task)
    )
    assert output == "CPU in tasks: loop blocked\n"


# Python only: a JavaScript worker is a thread of the same process.
async def test_a_process_does_the_work():
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as pool:
        assert await in_process(pool, os.getpid) != os.getpid()


# What the language does, without the program.


async def test_async_adds_work_to_a_call():
    seen: list[str] = []

    async def work():
        return "done"

    one, other = work(), work()
    assert one is not other
    assert asyncio.iscoroutine(one)
    asyncio.get_running_loop().call_soon(seen.append, "other code")
    # In Python nobody else has a turn: nothing waits.
    assert (await one, await other) == ("done", "done")
    assert seen == []


async def test_tasks_share_a_thread():
    async def here():
        return threading.get_ident()

    elsewhere = asyncio.to_thread(threading.get_ident)
    one, other, third = await asyncio.gather(here(), here(), elsewhere)
    assert one == other
    assert third != one


# Python only: a JavaScript worker has an engine of its own, no lock.
def test_hashing_lets_go_of_the_lock():
    begun, stop = threading.Event(), threading.Event()
    block = bytes(1_000_000)

    def hash_on():
        begun.set()
        while not stop.is_set():
            hashlib.sha256(block)

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=hash_on)
    # Nobody takes the lock away: a thread has to let go of it.
    sys.setswitchinterval(1e6)
    try:
        thread.start()
        begun.wait()
        # This line runs, and the thread has nothing but hashes to do.
        stop.set()
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not thread.is_alive()

import asyncio
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import httpx
import pytest

from helpers import printed, run_python
from parallelism import concurrent_or_parallel
from parallelism.concurrent_or_parallel import (
    compute,
    compute_in_task,
    get_name,
    in_parallel,
    main,
)

SPAWN = multiprocessing.get_context("spawn")
LINUX = sys.platform == "linux"
ONE_CORE = LINUX and len(os.sched_getaffinity(0)) == 1


async def test_two_tasks_wait_together(mock_api, monkeypatch):
    async def not_looked_at(start):
        return "no"

    monkeypatch.setattr(
        concurrent_or_parallel, "in_parallel", not_looked_at
    )
    # Each waits until both are in flight.
    await mock_api.rendezvous("/users/*", 2)
    output = await printed(main(mock_api.url))
    assert output.startswith("Requests: Ada Grace\n")
    assert [entry.in_flight for entry in await mock_api.log()] == [1, 2]


async def test_a_refused_request_is_an_error(mock_api, client):
    await mock_api.fail("/users/1", [503])
    with pytest.raises(httpx.HTTPStatusError):
        await get_name(client, 1)


async def test_two_tasks_compute_one_after_the_other():
    one, other = await asyncio.gather(
        compute_in_task(), compute_in_task()
    )
    assert max(one) <= min(other)
    assert await in_parallel(compute_in_task) == "no"


async def two_processes_overlap() -> bool:
    """Whether the machine has two cores for us at this moment.

    The program's own `in_parallel` is no witness: it may be wrong.
    """
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(2, SPAWN) as pool:
        for _ in range(50):
            one, other = await asyncio.gather(
                loop.run_in_executor(pool, compute),
                loop.run_in_executor(pool, compute),
            )
            if len(one & other) > len(one) / 50:
                return True
    return False


async def test_two_workers_compute_at_the_same_moment(mock_api):
    output = ""
    for _ in range(5):
        output = await printed(main(mock_api.url))
        # The pool is closed: none of its processes is left.
        assert multiprocessing.active_children() == []
        if output.endswith("yes\n"):
            break
        # "no" is the truth if other programs keep the cores busy.
        if not await two_processes_overlap():
            pytest.skip("this machine has no second core to spare")
    assert output == (
        "Requests: Ada Grace\n"
        "Tasks in parallel: no\n"
        "Workers in parallel: yes\n"
    )


@pytest.mark.skipif(not LINUX, reason="it cannot choose cores")
async def test_on_one_core_two_workers_take_turns(mock_api):
    source = (
        "import asyncio, os\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from parallelism.concurrent_or_parallel import main\n"
        "asyncio.run(main())"
    )
    finished = await run_python("-c", source, API_URL=mock_api.url)
    assert finished.stdout == (
        "Requests: Ada Grace\n"
        "Tasks in parallel: no\n"
        "Workers in parallel: no\n"
    )


# Python only: JavaScript has no threads that share objects.
async def test_two_threads_take_turns():
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    answer = await in_parallel(lambda: asyncio.to_thread(compute))
    assert answer == ("no" if locked or ONE_CORE else "yes")


async def test_one_good_round_is_enough():
    async def start():
        return next(rounds)

    rounds = iter([{1}, {2}] * 49 + [{1}, {1}])
    assert await in_parallel(start) == "yes"
    rounds = iter([{1}, {2}] * 50)
    assert await in_parallel(start) == "no"


async def test_to_change_places_is_not_to_be_parallel():
    async def start():
        return next(rounds)

    rounds = iter([set(range(50)), {49, 50, 51}] * 50)
    assert await in_parallel(start) == "no"
    rounds = iter([set(range(50)), {48, 49, 50}])
    assert await in_parallel(start) == "yes"


# What workers are, without the program.


async def test_a_worker_gets_a_copy():
    names = ["Ada"]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, SPAWN) as pool:
        await loop.run_in_executor(pool, names.append, "Grace")
    assert names == ["Ada"]


# Python only: in JavaScript it is a thread.
async def test_a_worker_is_a_process():
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, SPAWN) as pool:
        assert (
            await loop.run_in_executor(pool, os.getpid) != os.getpid()
        )


# Python only: Node runs such a file without complaint.
async def test_without_the_guard_the_worker_would_start_a_worker(
    tmp_path,
):
    program = tmp_path / "unguarded.py"
    program.write_text(
        "import multiprocessing\n"
        "spawn = multiprocessing.get_context('spawn')\n"
        "process = spawn.Process(target=print)\n"
        "process.start()\n"
        "process.join()\n"
    )
    finished = await run_python(str(program))
    assert finished.stdout == ""
    message = (
        "An attempt has been made to start a new process before the "
        "current process has finished its bootstrapping phase."
    )
    assert message in " ".join(finished.stderr.split())

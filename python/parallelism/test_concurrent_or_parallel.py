import asyncio
import concurrent.futures
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from threading import Barrier

from helpers import printed, run_python
from parallelism.concurrent_or_parallel import (
    SPAWN,
    as_tasks,
    main,
    meet,
    share,
)

NAMES = ["Ada", "Grace"]
MET = ["Ada met the other.", "Grace met the other."]


async def test_two_tasks_wait_at_once_and_two_workers_work_at_once(
    mock_api,
):
    await mock_api.rendezvous("/users/*", 2)
    assert await printed(main(mock_api.url)) == (
        "Two tasks: Ada met nobody. Grace met nobody.\n"
        "Two workers: Ada met the other. Grace met the other.\n"
    )
    log = await mock_api.log()
    assert [entry.in_flight for entry in log] == [1, 2]


async def test_two_tasks_never_meet_without_an_await():
    assert await as_tasks(NAMES) == [
        "Ada met nobody.",
        "Grace met nobody.",
    ]


# Python only: in JavaScript a worker is a thread of the same process.
async def test_each_worker_is_a_process_and_gets_copies():
    names = ["Ada"]
    with ProcessPoolExecutor(1, SPAWN) as pool:
        there = pool.submit(os.getpid)
        pool.submit(names.append, "Grace").result()
    assert there.result() != os.getpid()
    assert names == ["Ada"]


# Python only: JavaScript has no threads that share objects.
async def test_two_threads_meet_too():
    share(Barrier(2))
    meeting = [asyncio.to_thread(meet, name, 30) for name in NAMES]
    assert await asyncio.gather(*meeting) == MET


# Python only: Node starts such a worker without complaint.
async def test_without_the_guard_a_worker_would_start_workers(tmp_path):
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


# Python only: this is the closest that it has to a Worker.
async def test_interpreters_are_workers_in_the_same_process():
    if sys.version_info < (3, 14):
        assert not hasattr(
            concurrent.futures, "InterpreterPoolExecutor"
        )
    else:
        names = ["Ada"]
        with concurrent.futures.InterpreterPoolExecutor(1) as pool:
            there = pool.submit(os.getpid)
            pool.submit(names.append, "Grace").result()
        assert there.result() == os.getpid()
        assert names == ["Ada"]

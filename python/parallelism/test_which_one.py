import asyncio
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from helpers import printed, run_python
from parallelism import which_one as program
from parallelism.which_one import in_process, in_task, in_thread, main

SPAWN = multiprocessing.get_context("spawn")
names = ["Ada"]


def add_name():
    names.append("Grace")
    return names


async def test_who_does_the_job():
    assert await printed(main()) == (
        "A call: this thread, the loop waits\n"
        "In a task: this thread, the loop waits\n"
        "In a thread: another thread, the loop goes on\n"
        "In a process: another process, the loop goes on\n"
    )


async def test_none_is_left():
    threads = threading.active_count()
    await printed(main())
    assert multiprocessing.active_children() == []
    # The thread stays for the next call, and ends with the loop.
    assert threading.active_count() <= threads + 1
    finished = await run_python(program.__file__)
    assert (finished.code, finished.stderr) == (0, "")


async def test_each_way_names_its_own():
    here = os.getpid(), threading.get_ident()
    assert await in_task() == here
    process, thread = await in_thread()
    assert process == here[0]
    assert thread != here[1]
    with ProcessPoolExecutor(1, SPAWN) as pool:
        process, _ = await in_process(pool)
    assert process != here[0]


# What the language does, without the program.


# Python only: JavaScript's threads have copies.
async def test_a_thread_shares_your_variables():
    try:
        await asyncio.to_thread(add_name)
        assert names == ["Ada", "Grace"]
    finally:
        names.remove("Grace")


async def test_elsewhere_your_variables_are_others():
    loop = asyncio.get_running_loop()
    names.append("Alan")
    try:
        with ProcessPoolExecutor(1, SPAWN) as pool:
            there = await loop.run_in_executor(pool, add_name)
        # It has loaded this file, and knows of no change here.
        assert there == ["Ada", "Grace"]
        assert names == ["Ada", "Alan"]
    finally:
        names.remove("Alan")


async def test_it_can_be_used_again():
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, SPAWN) as pool:
        one = await loop.run_in_executor(pool, os.getpid)
        other = await loop.run_in_executor(pool, os.getpid)
    assert one == other


async def test_if_it_dies_you_live_on():
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, SPAWN) as pool:
        with pytest.raises(
            BrokenProcessPool,
            match="A process in the process pool was terminated "
            "abruptly while the future was running or pending",
        ):
            await loop.run_in_executor(pool, os._exit, 3)
        # The whole pool is of no more use.
        with pytest.raises(BrokenProcessPool):
            await loop.run_in_executor(pool, os.getpid)


# Python only: in a JavaScript worker, it ends the worker alone.
async def test_an_exit_in_a_thread_ends_everything():
    finished = await run_python(
        "-c",
        "import asyncio, os\n"
        "async def main():\n"
        "    await asyncio.to_thread(os._exit, 3)\n"
        "    print('alive')\n"
        "asyncio.run(main())\n",
    )
    assert (finished.code, finished.stdout) == (3, "")

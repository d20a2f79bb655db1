"""Do one job in four ways, and ask who did it.

Explained in docs/parallelism/which-one.md
"""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

Who = tuple[int, int]


def job() -> Who:
    # Stands for your work. It says who did it.
    return os.getpid(), threading.get_ident()


async def in_task() -> Who:
    return job()


async def in_thread() -> Who:
    return await asyncio.to_thread(job)


async def in_process(pool: Executor) -> Who:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, job)


def name(who: Who) -> str:
    process, thread = who
    # Two processes may give their threads the same number.
    if process != os.getpid():
        return "another process"
    here = threading.get_ident()
    return "this thread" if thread == here else "another thread"


async def show(label: str, work: Coroutine[Any, Any, Who]) -> None:
    task = asyncio.create_task(work)
    # Other code has a turn here. Is the job over before that?
    await asyncio.sleep(0)
    loop = "waits" if task.done() else "goes on"
    print(f"{label}: {name(await task)}, the loop {loop}")


async def main() -> None:
    print(f"A call: {name(job())}, the loop waits")
    await show("In a task", in_task())
    await show("In a thread", in_thread())
    # "spawn" starts a fresh Python. It is there on every system.
    spawn = multiprocessing.get_context("spawn")
    # Leaving the block ends the process.
    with ProcessPoolExecutor(1, spawn) as pool:
        await show("In a process", in_process(pool))


if __name__ == "__main__":
    asyncio.run(main())

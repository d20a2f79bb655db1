"""Wait and compute in tasks, threads and processes.

Explained in docs/parallelism/io-bound-or-cpu-bound.md
Needs the mock API: nox -s api
"""

import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
Job = Callable[[], Any]
# How much faster it is depends on the machine: only if you ask.
RATIOS = "--ratios" in sys.argv
JOBS = min(os.cpu_count() or 1, 8) if RATIOS else 2


async def get(client: httpx.AsyncClient) -> None:
    # I/O-bound: it waits for an answer, and computes next to nothing.
    (await client.get("/users/1?delay=0.1")).raise_for_status()


def compute() -> int:
    # CPU-bound: it computes, and waits for nothing.
    return sum(n * n for n in range(1_500_000))


# Python only: in JavaScript, compute is an async function itself.
async def compute_in_task() -> int:
    return compute()


# Python only: a JavaScript worker is a thread.
async def in_process(pool: Executor, work: Job) -> int:
    return await asyncio.get_running_loop().run_in_executor(pool, work)


async def show(label: str, start: Job, alone: Job) -> None:
    began = time.perf_counter()
    for _ in range(JOBS):
        await alone()
    one_by_one = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(start()) for _ in range(JOBS)]
        # Other code has a turn here. Is a job over before that?
        await asyncio.sleep(0)
        loop = "blocked" if jobs[0].done() else "free"
    ratio = (one_by_one - began) / (time.perf_counter() - one_by_one)
    faster = f", {ratio:.1f} times as fast" if RATIOS else ""
    print(f"{label}: loop {loop}{faster}")


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        ask = partial(get, client)
        await show("I/O in tasks", ask, ask)
    task, thread = compute_in_task, asyncio.to_thread
    await show("CPU in tasks", task, task)
    await show("CPU in threads", partial(thread, compute), task)
    mp = multiprocessing.get_context("spawn")
    # No process is ready before all are: their start does not count.
    with ProcessPoolExecutor(JOBS, mp, mp.Barrier(JOBS).wait) as pool:
        await asyncio.gather(
            *(in_process(pool, int) for _ in range(JOBS))
        )
        start = partial(in_process, pool, compute)
        await show("CPU in processes", start, task)


if __name__ == "__main__":
    asyncio.run(main())

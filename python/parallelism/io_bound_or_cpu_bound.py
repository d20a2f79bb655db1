"""Three waits and three computations: which of them overlap?"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
SPAWN = multiprocessing.get_context("spawn")  # works on every system
Span = tuple[float, float]  # when it began and when it ended


async def wait(client: httpx.AsyncClient) -> Span:
    began = time.monotonic()
    await client.get("/users/3")
    return began, time.monotonic()


def compute() -> Span:
    began = time.monotonic()
    # A tenth of a second of work for this thread, on any machine.
    before = time.thread_time()
    while time.thread_time() - before < 0.1:
        sum(range(10_000))
    return began, time.monotonic()


async def compute_in_task() -> Span:
    return compute()


async def compute_in_worker(pool: ProcessPoolExecutor) -> Span:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, compute)


async def three(start: Callable[[], Awaitable[Span]]) -> str:
    spans = await asyncio.gather(start(), start(), start())
    began, ended = zip(*spans, strict=True)
    # How many were under way at a time, on average: from 1 to 3.
    average = (sum(ended) - sum(began)) / (max(ended) - min(began))
    return "several at once" if average > 1.5 else "one at a time"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Waits in tasks:", await three(lambda: wait(client)))
    print("Computations in tasks:", await three(compute_in_task))
    # No worker begins before all are there.
    with ProcessPoolExecutor(3, SPAWN, SPAWN.Barrier(3).wait) as pool:
        in_workers = await three(lambda: compute_in_worker(pool))
    print("Computations in workers:", in_workers)


if __name__ == "__main__":
    asyncio.run(main())

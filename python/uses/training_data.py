"""Fetch the next batches while a process learns from this one.

Explained in docs/uses/training-data.md
Needs the mock API: nox -s api
"""

import asyncio
import multiprocessing
import os
from concurrent.futures import Executor, ProcessPoolExecutor

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
SPAWN = multiprocessing.get_context("spawn")
# So many batches may wait in the queue.
AHEAD = 2
# The model. It lives in the worker process, and grows there.
known: set[str] = set()
Batches = asyncio.Queue[list[str] | None]


def learn(words: list[str]) -> int:
    # Runs in the process. A real model would take its time here.
    known.update(words)
    return len(known)


async def learn_in_worker(pool: Executor, words: list[str]) -> int:
    # The pool gives each call a future, so no answer is mixed up.
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, learn, words)


async def fetch_batches(
    client: httpx.AsyncClient, batches: Batches
) -> None:
    for number in range(1, 7):
        response = await client.get(f"/posts/{number}?delay=0.2")
        response.raise_for_status()
        # Waits while the queue is full, so the memory has a limit.
        await batches.put(response.json()["body"].split())
    await batches.put(None)


async def main(api_url: str = API_URL) -> None:
    batches = Batches(AHEAD)
    # Leaving the pool waits for its process.
    with ProcessPoolExecutor(1, SPAWN) as pool:
        # If the fetch or the model fails, the group ends the other.
        async with (
            httpx.AsyncClient(base_url=api_url) as client,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(fetch_batches(client, batches))
            while (words := await batches.get()) is not None:
                count = await learn_in_worker(pool, words)
                print("Words known:", count)


if __name__ == "__main__":
    asyncio.run(main())

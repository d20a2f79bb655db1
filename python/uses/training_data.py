"""Fetch the next batch while a worker process learns from this one."""

import asyncio
import multiprocessing
import os
from concurrent.futures import Executor, ProcessPoolExecutor

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
SPAWN = multiprocessing.get_context("spawn")  # works on every system
Batch = tuple[list[str], str | None]  # words, and where the next one is
known: set[str] = set()  # the model: it grows in the worker


async def get_batch(client: httpx.AsyncClient, path: str) -> Batch:
    response = await client.get(path)
    response.raise_for_status()
    text = " ".join(post["body"] for post in response.json())
    # The Link header names the next page; the last page has none.
    after = response.links.get("next", {}).get("url")
    return text.lower().split(), after


# Runs in the worker. A real model would take its time here.
def learn(words: list[str]) -> int:
    new = set(words) - known
    known.update(new)
    return len(new)


async def learn_in_worker(pool: Executor, words: list[str]) -> int:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, learn, words)


async def train(client: httpx.AsyncClient, pool: Executor) -> list[int]:
    words, path = await get_batch(client, "/posts?limit=4")
    counts = []
    while path:
        # Both at once; the next turn begins when both are done.
        async with asyncio.TaskGroup() as group:
            fetching = group.create_task(get_batch(client, path))
            learning = group.create_task(learn_in_worker(pool, words))
        counts.append(learning.result())
        words, path = fetching.result()
    return [*counts, await learn_in_worker(pool, words)]


async def main(api_url: str = API_URL) -> None:
    with ProcessPoolExecutor(1, SPAWN) as pool:
        async with httpx.AsyncClient(base_url=api_url) as client:
            counts = await train(client, pool)
    for number, count in enumerate(counts, 1):
        print(f"Batch {number}: {count} new words")


if __name__ == "__main__":
    asyncio.run(main())

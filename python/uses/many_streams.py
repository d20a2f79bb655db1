"""Follow three live feeds as one: one ends, one fails, one goes on.

Explained in docs/uses/many-streams.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from httpx_sse import aconnect_sse

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
FEEDS = ["news", "sport", "weather"]
# None means that one feed is over.
Queue = asyncio.Queue[str | None]


async def follow(
    client: httpx.AsyncClient, feed: str, queue: Queue
) -> None:
    path = f"/feeds/{feed}"
    try:
        async with aconnect_sse(client, "GET", path) as source:
            source.response.raise_for_status()
            async for event in source.aiter_sse():
                # If the queue is full, this waits, and so does the
                # server: nobody reads its feed meanwhile.
                await queue.put(f"{feed}: {event.data}")
        await queue.put(f"({feed} has ended)")
    except httpx.HTTPError:
        # One feed less: the others go on.
        await queue.put(f"({feed} has failed)")
    await queue.put(None)


# Python only: a JavaScript stream can be read as it is.
async def read(queue: Queue) -> AsyncGenerator[str]:
    for _ in FEEDS:
        while (line := await queue.get()) is not None:
            yield line


@asynccontextmanager
async def merge(
    client: httpx.AsyncClient,
) -> AsyncGenerator[AsyncGenerator[str]]:
    queue = Queue(maxsize=1)
    async with asyncio.TaskGroup() as group:
        jobs = [follow(client, feed, queue) for feed in FEEDS]
        tasks = [group.create_task(job) for job in jobs]
        yield read(queue)
        # You may stop early. Then nobody needs the feeds any more.
        for task in tasks:
            task.cancel()


async def main(api_url: str = API_URL) -> None:
    # No time limit: a live feed may be quiet for long.
    client = httpx.AsyncClient(base_url=api_url, timeout=None)
    async with client, merge(client) as lines:
        async for line in lines:
            print(line)


if __name__ == "__main__":
    asyncio.run(main())

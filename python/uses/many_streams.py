"""Follow three live feeds as one: one ends, one fails, one goes on."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
from httpx_sse import aconnect_sse

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
FEEDS = ["news", "sport", "weather"]
Queue = asyncio.Queue[str | None]  # None: nothing will follow


async def follow(
    client: httpx.AsyncClient, feed: str, queue: Queue
) -> None:
    path = f"/feeds/{feed}"
    try:
        async with aconnect_sse(client, "GET", path) as source:
            source.response.raise_for_status()
            async for event in source.aiter_sse():
                queue.put_nowait(f"{feed}: {event.data}")
        queue.put_nowait(f"({feed} has ended)")
    except httpx.HTTPError:
        # One feed less: the others go on.
        queue.put_nowait(f"({feed} has failed)")


async def merge(client: httpx.AsyncClient) -> AsyncGenerator[str]:
    queue = Queue()

    async def follow_all() -> None:
        async with asyncio.TaskGroup() as group:
            for feed in FEEDS:
                group.create_task(follow(client, feed, queue))

    following = asyncio.create_task(follow_all())
    following.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (line := await queue.get()) is not None:
            yield line
        await following
    finally:
        # Whoever reads may stop early.
        following.cancel()
        await asyncio.wait([following])


async def main(api_url: str = API_URL) -> None:
    # No time limit: a live feed may be quiet for long.
    client = httpx.AsyncClient(base_url=api_url, timeout=None)
    async with client, aclosing(merge(client)) as lines:
        async for line in lines:
            print(line)


if __name__ == "__main__":
    asyncio.run(main())

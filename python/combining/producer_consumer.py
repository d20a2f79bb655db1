"""Read posts, while two workers fetch the author's picture for each.

Explained in docs/combining/producer-consumer.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
POSTS = [7, 6, 10, 8, 5, 4, 3]
WORKERS = 2
# None means that no more posts come.
Queue = asyncio.Queue[dict[str, Any] | None]


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    response = await client.get(path)
    response.raise_for_status()
    return response


async def produce(client: httpx.AsyncClient, queue: Queue) -> None:
    for number in POSTS:
        response = await get(client, f"/posts/{number}?delay=0.07")
        # If the queue is full, this waits, and reads no further post.
        await queue.put(response.json())
    for _ in range(WORKERS):
        # Each worker takes one, and stops.
        await queue.put(None)


async def work(
    client: httpx.AsyncClient, queue: Queue, show: Callable[[str], None]
) -> None:
    while (post := await queue.get()) is not None:
        path = f"/users/{post['author']['id']}/picture"
        picture = (await get(client, path)).content
        show(f"{post['title']}: {len(picture)} bytes")


async def load(
    client: httpx.AsyncClient, show: Callable[[str], None]
) -> None:
    # At most two posts wait here. Without a bound it could be all.
    queue = Queue(maxsize=2)
    # If one task fails, the others would wait for it. The group
    # cancels them, wherever they wait.
    async with asyncio.TaskGroup() as group:
        group.create_task(produce(client, queue))
        for _ in range(WORKERS):
            group.create_task(work(client, queue, show))


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        await load(client, print)


if __name__ == "__main__":
    asyncio.run(main())

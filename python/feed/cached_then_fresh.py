"""Show what is cached, refresh it, and drop an answer that is late.

Explained in docs/feed/cached-then-fresh.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from dataclasses import dataclass

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


@dataclass
class Feed:
    # What the last visit left.
    title: str = "The slowest of three"
    # How many refreshes have begun, and which one of them is shown.
    asked: int = 0
    shown: int = 0


async def get_title(client: httpx.AsyncClient, path: str) -> str | None:
    try:
        response = await client.get(path)
        return response.raise_for_status().json()["title"]
    except httpx.HTTPError:
        return None


async def refresh(
    client: httpx.AsyncClient, feed: Feed, path: str
) -> None:
    feed.asked += 1
    number = feed.asked
    title = await get_title(client, path)
    # What is shown is better than nothing.
    if title is None:
        return
    # A newer answer may have come while this one was on its way.
    if number < feed.shown:
        print("(too late)", title)
        return
    feed.shown = number
    feed.title = title
    print("(fresh)", title)


async def main(api_url: str = API_URL) -> None:
    feed = Feed()
    print("(cached)", feed.title)
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        asyncio.TaskGroup() as group,
    ):
        # The reader asks twice. The first answer takes longer, and by
        # the second time there is a newer post.
        for path in "/posts/9?delay=0.4", "/posts/10?delay=0.1":
            group.create_task(refresh(client, feed, path))
    print("The feed shows:", feed.title)


if __name__ == "__main__":
    asyncio.run(main())

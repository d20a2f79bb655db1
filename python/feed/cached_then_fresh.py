"""Show what is cached, refresh it, and drop an answer that is late."""

import asyncio
import os
from dataclasses import dataclass

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


@dataclass
class Feed:
    title: str = "The slowest of three"  # left by the last visit
    asked: int = 0  # how many refreshes have begun
    shown: int = 0  # the number of the one that is shown


async def get_title(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()["title"]


async def refresh(
    client: httpx.AsyncClient, feed: Feed, path: str
) -> None:
    feed.asked += 1
    number = feed.asked
    try:
        title = await get_title(client, path)
    except httpx.HTTPError:
        return  # what is shown is better than nothing
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
    async with httpx.AsyncClient(base_url=api_url) as client:
        # The reader asks twice, and the first answer takes longer. By
        # the second time there is a newer post.
        await asyncio.gather(
            refresh(client, feed, "/posts/9?delay=0.4"),
            refresh(client, feed, "/posts/10?delay=0.1"),
        )
    print("The feed shows:", feed.title)


if __name__ == "__main__":
    asyncio.run(main())

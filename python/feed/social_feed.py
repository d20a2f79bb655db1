"""Show the cached feed at once, then what is new as it arrives."""

import asyncio
import os
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")

# What the last visit left in the cache.
AUTHORS = {1: "Ada", 2: "Grace", 3: "Alan"}
CACHED = ["Ada: The slowest of three", "Alan: Line up, please"]


async def get_json(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()


async def get_picture(client: httpx.AsyncClient, author_id: int) -> str:
    name = AUTHORS[author_id]
    try:
        response = await client.get(f"/users/{author_id}/picture")
        response.raise_for_status()
    except httpx.HTTPError:
        # One picture less must not cost the reader the whole feed.
        return f"[no picture] {name}"
    return f"[picture] {name}"


async def main(api_url: str = API_URL) -> None:
    print("Loading…")
    for post in CACHED:
        print("(cached)", post)

    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        asyncio.TaskGroup() as group,
    ):
        posts = group.create_task(get_json(client, "/posts?limit=3"))
        news = group.create_task(get_json(client, "/notifications"))
        pictures = [
            group.create_task(get_picture(client, author_id))
            for author_id in AUTHORS
        ]
        for picture in asyncio.as_completed(pictures):
            print(await picture)

    for post in posts.result():
        print(f"{post['author']['name']}: {post['title']}")
    print(len(news.result()), "notifications")


if __name__ == "__main__":
    asyncio.run(main())

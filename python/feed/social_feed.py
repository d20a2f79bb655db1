"""Show the feed of the last visit, then each new part as it arrives.

Explained in docs/feed/social-feed.md
Needs the mock API: nox -s api
"""

import asyncio
import json
import os
from collections.abc import Awaitable

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
AUTHORS = {1: "Ada", 2: "Grace", 3: "Alan"}
CACHED = ["(cached) Nothing blocks", "(cached) First post"]


async def get(client: httpx.AsyncClient, path: str) -> str | None:
    # Only the request stands in the try. So a bug elsewhere in the
    # program does not look like a request that failed.
    try:
        # Without a limit, a silent API would leave "Loading…" there.
        async with asyncio.timeout(3):
            response = await client.get(path)
            return response.raise_for_status().text
    except (httpx.HTTPError, TimeoutError):
        return None


async def get_posts(client: httpx.AsyncClient) -> str:
    text = await get(client, "/posts?limit=3")
    # The cached posts are still there. Old posts are better than none.
    if text is None:
        return "[no new posts] These are the posts of your last visit."
    posts = json.loads(text)
    return "\n".join(post["title"] for post in posts)


async def get_news(client: httpx.AsyncClient) -> str:
    text = await get(client, "/notifications")
    if text is None:
        return "[no news]"
    return f"[news] {len(json.loads(text))}"


async def get_picture(client: httpx.AsyncClient, user: int) -> str:
    image = await get(client, f"/users/{user}/picture")
    return f"[{'picture' if image else 'no picture'}] {AUTHORS[user]}"


async def main(api_url: str = API_URL) -> None:
    async def show(part: Awaitable[str]) -> None:
        print(await part)

    print(*CACHED, "Loading…", sep="\n")
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        # Leaving the group waits until every part has been shown.
        asyncio.TaskGroup() as group,
    ):
        group.create_task(show(get_posts(client)))
        group.create_task(show(get_news(client)))
        for user in AUTHORS:
            group.create_task(show(get_picture(client, user)))
    print("Loading has ended.")


if __name__ == "__main__":
    asyncio.run(main())

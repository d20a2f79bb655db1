"""Stop the loading of a profile that nobody wants any more.

Explained in docs/failures/cancellation.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()


async def load_posts(client: httpx.AsyncClient) -> int:
    try:
        return len(await get(client, "/posts"))
    except httpx.HTTPError:
        # A profile is worth showing without its posts. A cancellation
        # is no HTTPError and no Exception: it passes this line.
        return 0


async def load_profile(client: httpx.AsyncClient) -> str:
    user = await get(client, "/users/1")
    friend = await get(client, "/users/2")
    posts = await load_posts(client)
    return f"{user['name']}, friend of {friend['name']}: {posts} posts"


async def main(api_url: str = API_URL) -> None:
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        # The group waits until the task has ended. A cancelled task
        # does not count as a failure of the group.
        asyncio.TaskGroup() as group,
    ):
        loading = group.create_task(load_profile(client))
        print("Loading a profile")
        other = await get(client, "/users/5")
        print("The user goes on to", other["name"])
        loading.cancel()
    if loading.cancelled():
        print("The loading was stopped")
    else:
        # The profile was there before: too late to cancel.
        print(loading.result())


if __name__ == "__main__":
    asyncio.run(main())

"""Ask for five names, but never for more than three at once.

Explained in docs/combining/limit-concurrency.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from collections.abc import Iterable

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
AT_ONCE = 3
# Grace and Ada answer sooner than Alan, who comes first here.
USERS = [3, 1, 2, 4, 5]


async def get_name(
    client: httpx.AsyncClient, slots: asyncio.Semaphore, user: int
) -> str:
    # Only this block is limited. However it ends, the slot is free.
    async with slots:
        response = await client.get(f"/users/{user}")
        response.raise_for_status()
        return response.json()["name"]


async def get_names(
    client: httpx.AsyncClient, users: Iterable[int]
) -> list[str]:
    slots = asyncio.Semaphore(AT_ONCE)
    # After a failure nobody needs the rest: the group stops it all.
    async with asyncio.TaskGroup() as group:
        # Every task exists from here on. Three of them have a slot.
        tasks = [
            group.create_task(get_name(client, slots, user))
            for user in users
        ]
    # In the order of the users, not of the answers.
    return [task.result() for task in tasks]


async def main(api_url: str = API_URL) -> None:
    print(f"{len(USERS)} names, {AT_ONCE} at a time")
    async with httpx.AsyncClient(base_url=api_url) as client:
        print(", ".join(await get_names(client, USERS)))


if __name__ == "__main__":
    asyncio.run(main())

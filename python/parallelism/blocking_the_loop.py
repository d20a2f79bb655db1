"""Block the event loop, then block something else in its place.

Explained in docs/parallelism/blocking-the-loop.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from urllib.request import urlopen

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def load_users(
    client: httpx.AsyncClient, users: tuple[int, ...]
) -> None:
    for user in users:
        response = await client.get(f"/users/{user}?delay=0.8")
        response.raise_for_status()
        print(response.json()["name"], "is here")


def fetch_report(url: str) -> None:
    # A blocking call: it returns when the answer is there. Until
    # then its thread does nothing else.
    with urlopen(url):
        print("The report is here")


async def block_the_loop(client: httpx.AsyncClient, url: str) -> None:
    # While we wait here, the first user is asked for, too.
    await client.get("/notifications?delay=0.05")
    fetch_report(f"{url}/posts/1?delay=2")


async def block_elsewhere(client: httpx.AsyncClient, url: str) -> None:
    await client.get("/notifications?delay=0.05")
    # The same call, in a thread that may wait.
    await asyncio.to_thread(fetch_report, f"{url}/posts/2?delay=2")


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Blocking the loop:")
        async with asyncio.TaskGroup() as group:
            group.create_task(load_users(client, (1, 2)))
            group.create_task(block_the_loop(client, api_url))

        print("Blocking elsewhere:")
        async with asyncio.TaskGroup() as group:
            group.create_task(load_users(client, (4, 5)))
            group.create_task(block_elsewhere(client, api_url))


if __name__ == "__main__":
    asyncio.run(main())

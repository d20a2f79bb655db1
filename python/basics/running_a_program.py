"""End main while another request is still in flight.

Explained in docs/basics/running-a-program.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_json(api_url: str, path: str) -> Any:
    # One client for each task: none closes the client of another.
    async with httpx.AsyncClient(base_url=api_url) as client:
        response = await client.get(path)
        response.raise_for_status()
        return response.json()


async def show_posts(api_url: str) -> None:
    print("Posts: asking")
    try:
        posts = await get_json(api_url, "/posts")
        print("Posts:", len(posts))
    except httpx.HTTPError as error:
        # Nobody awaits this task, so nobody else handles its errors.
        print("Posts: failed:", error)
    finally:
        # This runs in every case, also after a cancellation.
        print("Posts: cleaned up")


async def main(api_url: str = API_URL) -> None:
    # The event loop does not keep a task alive, so this set does.
    background: set[asyncio.Task[None]] = set()
    # Started, and not awaited.
    background.add(asyncio.create_task(show_posts(api_url)))

    user = await get_json(api_url, "/users/2")
    print("Hello,", user["name"])
    print("main ends")


if __name__ == "__main__":
    asyncio.run(main())

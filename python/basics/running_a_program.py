"""End main while another request is still in flight."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")

# The loop alone does not keep a task from being collected.
BACKGROUND: set[asyncio.Task[None]] = set()


async def show_posts(client: httpx.AsyncClient) -> None:
    print("Posts: asking")
    try:
        response = await client.get("/posts")
        print("Posts:", len(response.json()))
    finally:
        # A cleanup may await, too.
        await client.aclose()
        print("Posts: cleaned up")


async def main(api_url: str = API_URL) -> None:
    client = httpx.AsyncClient(base_url=api_url)
    # Started, and never awaited.
    BACKGROUND.add(asyncio.create_task(show_posts(client)))

    response = await client.get("/users/2")
    print("Hello,", response.json()["name"])
    print("main has ended")


if __name__ == "__main__":
    asyncio.run(main())

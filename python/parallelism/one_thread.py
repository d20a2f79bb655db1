"""Count pictures in three tasks on one thread, and lose two of them.

Explained in docs/parallelism/one-thread.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


@dataclass
class Album:
    client: httpx.AsyncClient
    pictures: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def load_one(album: Album, author: int) -> int:
    response = await album.client.get(f"/users/{author}/picture")
    response.raise_for_status()
    return 1


async def add_across(album: Album, author: int) -> None:
    # This reads the number, waits, and writes a sum that is too old.
    album.pictures += await load_one(album, author)


async def add_after(album: Album, author: int) -> None:
    one = await load_one(album, author)
    # No await from here on, so no other task has a turn.
    album.pictures += one


async def add_locked(album: Album, author: int) -> None:
    # The others wait here until this task leaves the block.
    async with album.lock:
        album.pictures += await load_one(album, author)


async def count(
    album: Album, add: Callable[[Album, int], Awaitable[None]]
) -> str:
    await asyncio.gather(*[add(album, author) for author in (1, 2, 3)])
    return f"{album.pictures} of 3"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Across:", await count(Album(client), add_across))
        print("After:", await count(Album(client), add_after))
        print("Locked:", await count(Album(client), add_locked))


if __name__ == "__main__":
    asyncio.run(main())

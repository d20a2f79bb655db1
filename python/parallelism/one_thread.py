"""Three tasks on one thread count together, and lose an update."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


@dataclass
class Album:
    client: httpx.AsyncClient
    pictures: int = 0
    threads: set[int] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def load_one(album: Album, author: int) -> int:
    response = await album.client.get(f"/users/{author}/picture")
    response.raise_for_status()
    album.threads.add(threading.get_ident())
    return 1


async def add_across(album: Album, author: int) -> None:
    # Reads the number, waits, and writes what is too old by then.
    album.pictures += await load_one(album, author)


async def add_after(album: Album, author: int) -> None:
    one = await load_one(album, author)
    # There is no await from here on, so nobody else gets a turn.
    album.pictures += one


async def add_locked(album: Album, author: int) -> None:
    async with album.lock:
        album.pictures += await load_one(album, author)


async def count(
    album: Album, add: Callable[..., Awaitable[None]]
) -> str:
    await asyncio.gather(*[add(album, author) for author in (1, 2, 3)])
    return f"{album.pictures} of 3, on {len(album.threads)} thread"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Across:", await count(Album(client), add_across))
        print("After:", await count(Album(client), add_after))
        print("Locked:", await count(Album(client), add_locked))


if __name__ == "__main__":
    asyncio.run(main())

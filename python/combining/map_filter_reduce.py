"""Map, filter and reduce a list with a function that has to wait.

Explained in docs/combining/map-filter-reduce.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
USERS = [3, 1, 4]


async def get_name(client: httpx.AsyncClient, user: int) -> str:
    response = await client.get(f"/users/{user}")
    response.raise_for_status()
    return response.json()["name"]


async def map_names(
    client: httpx.AsyncClient, users: list[int]
) -> list[str]:
    # All requests are under way at once. The names keep the order.
    return await asyncio.gather(*(get_name(client, u) for u in users))


async def filter_short(
    client: httpx.AsyncClient, users: list[int]
) -> list[int]:
    # First all answers, then the choice: a filter cannot wait.
    names = await map_names(client, users)
    pairs = zip(users, names, strict=True)
    return [user for user, name in pairs if len(name) < 5]


async def reduce_letters(
    client: httpx.AsyncClient, users: list[int]
) -> int:
    letters = 0
    for user in users:
        # The next request leaves when this one has its answer.
        letters += len(await get_name(client, user))
    return letters


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Map:", ", ".join(await map_names(client, USERS)))
        short = await filter_short(client, USERS)
        print("Filter: users", ", ".join(map(str, short)))
        letters = await reduce_letters(client, USERS)
        print("Reduce:", letters, "letters")


if __name__ == "__main__":
    asyncio.run(main())

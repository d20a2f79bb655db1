"""Send the same three requests, first one by one, then together.

Explained in docs/basics/one-by-one-or-together.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# The slowest answer is asked for first.
USER_IDS = [3, 1, 2]


async def get_name(client: httpx.AsyncClient, user_id: int) -> str:
    response = await client.get(f"/users/{user_id}")
    response.raise_for_status()
    return response.json()["name"]


async def one_by_one(client: httpx.AsyncClient) -> list[str]:
    # The next call waits until this await has ended.
    return [await get_name(client, user_id) for user_id in USER_IDS]


async def together(client: httpx.AsyncClient) -> list[str]:
    # The calls make three coroutines. None of them has begun.
    names = [get_name(client, user_id) for user_id in USER_IDS]
    # gather makes a task of each, so that all three run.
    return await asyncio.gather(*names)


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("One by one:", ", ".join(await one_by_one(client)))
        print("Together:", ", ".join(await together(client)))


if __name__ == "__main__":
    asyncio.run(main())

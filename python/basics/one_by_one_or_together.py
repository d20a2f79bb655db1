"""The same three requests, first one by one, then all together."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
USER_IDS = [3, 1, 2]  # the slowest answer is asked for first


async def get_name(client: httpx.AsyncClient, user_id: int) -> str:
    response = await client.get(f"/users/{user_id}")
    response.raise_for_status()
    return response.json()["name"]


async def one_by_one(client: httpx.AsyncClient) -> list[str]:
    # Each await ends before the next call is made.
    return [await get_name(client, user_id) for user_id in USER_IDS]


async def together(client: httpx.AsyncClient) -> list[str]:
    # A call alone runs nothing: gather starts all three, then waits.
    names = [get_name(client, user_id) for user_id in USER_IDS]
    return await asyncio.gather(*names)


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("One by one:", ", ".join(await one_by_one(client)))
        print("Together:", ", ".join(await together(client)))


if __name__ == "__main__":
    asyncio.run(main())

"""Write a report while users load: in the loop, then in a thread."""

import asyncio
import os
import time

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


def write_report() -> None:
    # Stands for whatever waits or computes without `await`.
    time.sleep(0.4)


async def load_users(client: httpx.AsyncClient) -> None:
    for user_id in (1, 2):
        response = await client.get(f"/users/{user_id}?delay=0.1")
        response.raise_for_status()
        print(response.json()["name"], "is here")


async def publish(client: httpx.AsyncClient) -> None:
    print("The report is written")
    post = {"title": "Report", "body": "All is well.", "author_id": 1}
    response = await client.post("/posts?delay=0.3", json=post)
    response.raise_for_status()


async def block_the_loop(client: httpx.AsyncClient) -> None:
    write_report()
    await publish(client)


async def block_a_thread(client: httpx.AsyncClient) -> None:
    await asyncio.to_thread(write_report)
    await publish(client)


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Blocking the loop:")
        await asyncio.gather(load_users(client), block_the_loop(client))

        print("Blocking a thread:")
        await asyncio.gather(load_users(client), block_a_thread(client))


if __name__ == "__main__":
    asyncio.run(main())

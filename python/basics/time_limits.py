"""When the time is up: stop waiting, or stop the work itself."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
LIMIT = 0.2  # seconds; the answer takes 0.5


async def get_name(client: httpx.AsyncClient) -> str:
    response = await client.get("/users/5")
    response.raise_for_status()
    return response.json()["name"]


async def stop_waiting(answer: asyncio.Task[str], limit: float) -> str:
    # When the time is up, wait returns. It cancels nothing.
    await asyncio.wait([answer], timeout=limit)
    return answer.result() if answer.done() else "too late"


async def stop_the_work(client: httpx.AsyncClient, limit: float) -> str:
    try:
        async with asyncio.timeout(limit):
            return await get_name(client)
    except TimeoutError:
        return "too late"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        answer = asyncio.create_task(get_name(client))
        print("Stop waiting:", await stop_waiting(answer, LIMIT))
        print("The answer, after all:", await answer)

        print("Stop the work:", await stop_the_work(client, LIMIT))


if __name__ == "__main__":
    asyncio.run(main())

"""When the time is up: only stop waiting, or stop the work itself.

Explained in docs/basics/time-limits.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# Seconds. Both answers take longer.
LIMIT = 0.2


async def get_name(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()["name"]


async def stop_waiting(answer: asyncio.Task[str], limit: float) -> str:
    # When the time is up, wait returns. It cancels nothing.
    await asyncio.wait([answer], timeout=limit)
    return answer.result() if answer.done() else "too late"


async def stop_the_work(
    client: httpx.AsyncClient, path: str, limit: float
) -> str:
    try:
        # When the time is up, it cancels what we await in the block.
        async with asyncio.timeout(limit):
            return await get_name(client, path)
    except TimeoutError:
        return "too late"


async def main(api_url: str = API_URL) -> None:
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        # It looks after the answer that nobody waits for any more.
        asyncio.TaskGroup() as group,
    ):
        answer = group.create_task(get_name(client, "/users/5"))
        print("Stop waiting:", await stop_waiting(answer, LIMIT))
        print("The answer, after all:", await answer)

        outcome = await stop_the_work(client, "/users/4", LIMIT)
        print("Stop the work:", outcome)


if __name__ == "__main__":
    asyncio.run(main())

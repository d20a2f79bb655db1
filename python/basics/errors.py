"""One request of two fails: what becomes of the other?"""

import asyncio
import os
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# The second fails before the first has an answer.
PATHS = ["/users/5", "/status/503"]


async def get_json(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()


async def wait_for_all(client: httpx.AsyncClient) -> str:
    try:
        await asyncio.gather(*[get_json(client, p) for p in PATHS])
    except httpx.HTTPStatusError as error:
        return f"HTTP {error.response.status_code}"
    return "all came"


async def wait_for_each(client: httpx.AsyncClient) -> str:
    results = await asyncio.gather(
        *[get_json(client, p) for p in PATHS], return_exceptions=True
    )
    failed = [r for r in results if isinstance(r, Exception)]
    return f"{len(failed)} of {len(results)} failed"


async def stop_the_rest(client: httpx.AsyncClient) -> str:
    outcome = "all came"
    try:
        async with asyncio.TaskGroup() as group:
            for path in PATHS:
                group.create_task(get_json(client, path))
    # A group may fail in several ways at once, hence the star.
    except* httpx.HTTPStatusError:
        outcome = "one failed, the rest is stopped"
    return outcome


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Wait for all:", await wait_for_all(client))
        print("Wait for each:", await wait_for_each(client))
        print("Stop the rest:", await stop_the_rest(client))


if __name__ == "__main__":
    asyncio.run(main())

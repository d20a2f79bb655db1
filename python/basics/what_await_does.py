"""Find out who else runs while a function awaits.

Explained in docs/basics/what-await-does.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from collections.abc import Awaitable
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_json(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()


async def get_cached() -> str:
    # Nothing in here has to wait.
    return "Hello from the cache"


async def others_run(awaitable: Awaitable[object]) -> str:
    others: list[str] = []
    # Something else is ready, and needs only a turn of the loop.
    asyncio.get_running_loop().call_soon(others.append, "ran")
    await awaitable
    return "yes" if others else "no"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Do others run while we await")
        data = get_json(client, "/data")
        print("- a request?", await others_run(data))
        print("- a cached answer?", await others_run(get_cached()))
        print("- a pause of 0?", await others_run(asyncio.sleep(0)))

        user = get_json(client, "/users/1")
        print("Awaited:", (await user)["name"])
        # The coroutine has run to its end. It has no more to give.
        try:
            print("Awaited again:", (await user)["name"])
        except RuntimeError as error:
            print("Awaited again: RuntimeError:", error)


if __name__ == "__main__":
    asyncio.run(main())

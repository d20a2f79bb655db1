"""What await does: who runs meanwhile, and what can be awaited."""

import asyncio
import os
from collections.abc import Awaitable
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_message(client: httpx.AsyncClient) -> str:
    response = await client.get("/data")
    response.raise_for_status()
    return response.json()["message"]


async def get_cached() -> str:
    return "Hello from the cache"  # nothing in here has to wait


async def others_run(awaitable: Awaitable[object]) -> str:
    others: list[str] = []
    # Something else that is ready to run, waiting only for its turn.
    asyncio.get_running_loop().call_soon(others.append, "ran")
    await awaitable
    return "yes" if others else "no"


async def await_number(number: Any) -> str:
    try:
        return f"gives {await number}"
    except TypeError:
        return "TypeError"


async def await_twice(call: Awaitable[str]) -> str:
    first = await call
    try:
        return "the same" if await call == first else "another"
    except RuntimeError as error:
        return f"RuntimeError: {error}"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Do others run while this function awaits")
        print("- a request?", await others_run(get_message(client)))
        print("- a cached answer?", await others_run(get_cached()))
        print("- a pause of 0?", await others_run(asyncio.sleep(0)))

        print("Await the number 1:", await await_number(1))
        print("Await twice:", await await_twice(get_message(client)))


if __name__ == "__main__":
    asyncio.run(main())

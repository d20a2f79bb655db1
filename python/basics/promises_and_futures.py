"""A result that is not there yet, as an object."""

import asyncio
import contextlib
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_message(client: httpx.AsyncClient) -> str:
    response = await client.get("/data")
    response.raise_for_status()
    return response.json()["message"]


def is_there(future: asyncio.Future[str]) -> bool:
    return future.done()


# A result made of another: to have it, await the first.
async def louder(future: asyncio.Future[str]) -> str:
    return (await future).upper()


async def settle_twice() -> str:
    future = asyncio.get_running_loop().create_future()
    future.set_result("the first")
    # Settled is settled: to try again is an error.
    with contextlib.suppress(asyncio.InvalidStateError):
        future.set_result("the second")
    return await future


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        # A task is a future, settled by the function it runs.
        message = asyncio.create_task(get_message(client))
        print("There yet?", "yes" if is_there(message) else "no")
        print("Awaited:", await message)
        print("Awaited again:", await message)
        print("There now?", "yes" if is_there(message) else "no")
        print("Made into another:", await louder(message))
    print("Settled twice, it keeps", await settle_twice())


if __name__ == "__main__":
    asyncio.run(main())

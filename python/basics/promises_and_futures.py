"""Hold a result that is not there yet, and settle one by hand.

Explained in docs/basics/promises-and-futures.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_message(client: httpx.AsyncClient) -> str:
    response = await client.get("/data")
    response.raise_for_status()
    return response.json()["message"]


# A result made of another: wait for the first one, and return.
async def louder(message: asyncio.Future[str]) -> str:
    return (await message).upper()


async def main(api_url: str = API_URL) -> None:
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        asyncio.TaskGroup() as group,
    ):
        # A task is a future. The function that it runs settles it.
        message = group.create_task(get_message(client))
        print("Done?", "yes" if message.done() else "no")

        # One request, and as many awaits as we like.
        print("Awaited:", await message)
        print("Awaited again:", await message)
        print("Made into another:", await louder(message))
        print("Done?", "yes" if message.done() else "no")

    # This future has no function. Whoever holds it can settle it.
    future = asyncio.get_running_loop().create_future()
    future.set_result("first")
    try:
        # Only once, though, and Python tells us.
        future.set_result("second")
    except asyncio.InvalidStateError as error:
        print("Settled again: InvalidStateError:", error)
    print("It keeps:", await future)


if __name__ == "__main__":
    asyncio.run(main())

"""Start a request, go on with other work, handle the answer later."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_message(client: httpx.AsyncClient) -> str:
    response = await client.get("/data")
    response.raise_for_status()
    return response.json()["message"]


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Starting the request")
        message = asyncio.create_task(get_message(client))

        for step in range(1, 4):
            print("Other work, step", step)
            # Each await gives the request a turn, too.
            await asyncio.sleep(0.02)

        print("Nothing else to do: waiting for the answer")
        print("The answer:", await message)


if __name__ == "__main__":
    asyncio.run(main())

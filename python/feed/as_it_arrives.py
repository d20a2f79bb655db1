"""Handle each picture when it comes, not when all are there."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
PICTURES = {
    "Ada": "/users/1/picture",
    "Grace": "/users/2/picture",
    "Edsger": "/users/4/picture",
    "Nobody": "/users/9/picture?delay=0.2",  # there is no user 9
}


async def get_picture(client: httpx.AsyncClient, name: str) -> str:
    response = await client.get(PICTURES[name])
    response.raise_for_status()
    # The result says itself whose picture it is.
    return f"[picture] {name}"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        pictures = [get_picture(client, name) for name in PICTURES]
        for picture in asyncio.as_completed(pictures):
            try:
                print(await picture)
            except httpx.HTTPError:
                print("[no picture]")
        print("That was the last one")


if __name__ == "__main__":
    asyncio.run(main())

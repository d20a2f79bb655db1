"""Show each picture when it comes, not when all of them are there.

Explained in docs/feed/as-it-arrives.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
PICTURES = {
    "Ada": "/users/1/picture",
    "Grace": "/users/2/picture",
    "Edsger": "/users/4/picture",
    # There is no user 9.
    "Nobody": "/users/9/picture?delay=0.2",
}


async def get_picture(client: httpx.AsyncClient, name: str) -> str:
    # The loop below does not know whose picture has come, so the
    # result says it, also for a request that failed.
    try:
        response = await client.get(PICTURES[name])
        response.raise_for_status()
    except httpx.HTTPError:
        return f"[no picture] {name}"
    return f"[picture] {name}"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        pictures = [get_picture(client, name) for name in PICTURES]
        # The first turn waits for whichever comes first.
        for picture in asyncio.as_completed(pictures):
            print(await picture)
        print("That was the last one")


if __name__ == "__main__":
    asyncio.run(main())

"""Load two pages in three steps each, within one deadline for each.

Explained in docs/failures/deadlines.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# Seconds. A page is worth showing without its picture.
PICTURE_LIMIT = 0.3


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    response = await client.get(path)
    response.raise_for_status()
    return response


async def get_picture(client: httpx.AsyncClient, friend: int) -> str:
    limit = asyncio.timeout(PICTURE_LIMIT)
    try:
        # The deadline goes on around this block.
        async with limit:
            picture = await get(client, f"/users/{friend}/picture")
            return f"a picture of {len(picture.content)} bytes"
    except TimeoutError:
        # Whatever runs in the block may raise such an error, too.
        if not limit.expired():
            raise
        return "no picture in time"


async def load_page(
    client: httpx.AsyncClient, user: int, friend: int, seconds: float
) -> str:
    deadline = asyncio.timeout(seconds)
    try:
        # No step has to know of it: it cancels the step that waits.
        async with deadline:
            name = (await get(client, f"/users/{user}")).json()["name"]
            news = (await get(client, "/notifications")).json()
            picture = await get_picture(client, friend)
            return f"{name}, news: {len(news)}, {picture}"
    except TimeoutError:
        if not deadline.expired():
            raise
        return f"no page in {seconds} s"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        patient = load_page(client, 1, 5, 2)
        hasty = load_page(client, 2, 4, 0.7)
        print(*await asyncio.gather(patient, hasty), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())

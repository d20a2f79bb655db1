"""Get JSON, send JSON, and meet a 404, a redirect and two dead ends.

Explained in docs/uses/web-requests.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def send(
    client: httpx.AsyncClient, method: str, path: str, **options: Any
) -> httpx.Response:
    # httpx's own limit begins anew with each byte that comes. This
    # one holds for the whole answer.
    async with asyncio.timeout(1):
        return await client.request(method, path, **options)


def read(response: httpx.Response) -> Any:
    # A status of 400 or above is no exception until you ask for one.
    return response.raise_for_status().json()


async def create_post(client: httpx.AsyncClient, title: str) -> int:
    post = {"title": title, "body": "Hi.", "author_id": 1}
    response = await send(client, "POST", "/posts", json=post)
    return read(response)["id"]


async def title_of(client: httpx.AsyncClient, post_id: int) -> str:
    response = await send(client, "GET", f"/posts/{post_id}")
    # This 404 answers the question, so it is not an error here.
    if response.status_code == 404:
        return "no such post"
    return read(response)["title"]


async def reach(client: httpx.AsyncClient, url: str) -> int | str:
    try:
        return (await send(client, "GET", url)).status_code
    # httpx calls everything that is no answer a TransportError.
    except (httpx.TransportError, TimeoutError) as error:
        return type(error).__name__


async def main(api_url: str = API_URL) -> None:
    # One client for all requests: it keeps its connections open.
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Created: post", await create_post(client, "Hello"))
        print("Post 1:", await title_of(client, 1))
        print("Post 999:", await title_of(client, 999))
        print("Redirect:", await reach(client, "/status/302"))
        print("Slow:", await reach(client, "/users/1?delay=9"))
        # No server listens on this port.
        print("Dead server:", await reach(client, "http://127.0.0.1:2"))


if __name__ == "__main__":
    asyncio.run(main())

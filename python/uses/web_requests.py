"""Get JSON, send JSON, and meet a 404, a redirect and a dead server."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
NOBODY = "http://127.0.0.1:2"  # no server listens on this port


async def newest_title(client: httpx.AsyncClient) -> str:
    response = await client.get("/posts", params={"limit": 1})
    response.raise_for_status()
    return response.json()[0]["title"]


async def create_post(client: httpx.AsyncClient, title: str) -> int:
    post = {"title": title, "body": "It works.", "author_id": 1}
    response = await client.post("/posts", json=post)
    response.raise_for_status()
    return response.json()["id"]


async def title_of(client: httpx.AsyncClient, post_id: int) -> str:
    response = await client.get(f"/posts/{post_id}")
    # A 404 is an answer like any other: nothing is raised by itself.
    if response.status_code == 404:
        return "no such post"
    response.raise_for_status()
    return response.json()["title"]


async def follow(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path, follow_redirects=True)
    return response.url.path.rpartition("/")[-1]


async def knock(client: httpx.AsyncClient, url: str) -> str:
    try:
        await client.get(url)
    except httpx.ConnectError as error:
        return f"nobody answers ({type(error).__name__})"
    return "somebody answers"


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Newest:", await newest_title(client))
        print("Created: post", await create_post(client, "Hello"))
        print("Post 999:", await title_of(client, 999))
        print("Redirect: led to", await follow(client, "/status/302"))
        print("Dead server:", await knock(client, NOBODY))


if __name__ == "__main__":
    asyncio.run(main())

"""What a call starts: save a post, then forget to await the saving."""

import asyncio
import os
import warnings

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def save(client: httpx.AsyncClient, title: str) -> int:
    print(f'  save begins: "{title}"')
    post = {"title": title, "body": "Short.", "author_id": 1}
    response = await client.post("/posts", json=post)
    response.raise_for_status()
    return response.json()["id"]


async def newest(client: httpx.AsyncClient) -> str:
    response = await client.get("/posts?limit=1")
    response.raise_for_status()
    return response.json()[0]["title"]


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Calling save")
        saving = save(client, "First")
        print("The call has returned")
        print("Saved as post", await saving)

        print("Calling save without await")
        # Print the warning, which would go to stderr.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            save(client, "Second")  # type: ignore[unused-coroutine]
        for warning in caught:
            print("  warning:", warning.message)
        print("Newest post:", await newest(client))


if __name__ == "__main__":
    asyncio.run(main())

"""Call an async function with await, then without it.

Explained in docs/basics/lazy-or-eager.md
Needs the mock API: nox -s api
"""

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


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Calling save")
        # The call makes a coroutine. Nothing in save has run yet.
        saving = save(client, "First")
        print("The call has returned")
        print("Saved as post", await saving)

        print("Calling save without await")
        # Python writes the warning to stderr. We catch it, so that
        # it appears here, between the other lines.
        with warnings.catch_warnings(
            record=True, action="always"
        ) as caught:
            save(client, "Second")
        for warning in caught:
            print("  warning:", warning.message)
        print("main ends")


if __name__ == "__main__":
    asyncio.run(main())

"""Three requests fail early: forgotten, awaited late, looked after.

Explained in docs/failures/unhandled.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


class HttpError(Exception):
    """The answer is not a good one."""


async def ask(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path)
    if response.is_error:
        raise HttpError(f"HTTP {response.status_code}")
    return response.json()["name"]


def report(_: object, context: dict[str, Any]) -> None:
    # Whoever started the task cannot handle its failure any more.
    print("Nobody handled:", context.get("exception"))


async def forgotten(client: httpx.AsyncClient) -> str:
    news = asyncio.create_task(ask(client, "/status/500"))
    name = await ask(client, "/users/3")
    # Only Ada gets the news. For Alan nobody awaits them.
    return f"{name}, {await news}" if name == "Ada" else name


async def greet(
    client: httpx.AsyncClient, user: int, news: asyncio.Task[str]
) -> str:
    try:
        name = await ask(client, f"/users/{user}")
        return f"{name}, {await news}"
    except HttpError as error:
        return f"caught {error}"


async def late(client: httpx.AsyncClient) -> str:
    # It fails before greet awaits it. The task keeps the failure.
    news = asyncio.create_task(ask(client, "/status/502"))
    return await greet(client, 4, news)


async def looked_after(client: httpx.AsyncClient) -> str:
    try:
        # However this block ends, the group has awaited its task.
        async with asyncio.TaskGroup() as group:
            news = group.create_task(ask(client, "/status/503"))
            return await greet(client, 5, news)
    except* HttpError as failed:
        outcome = f"caught {failed.exceptions[0]}"
    return outcome


async def main(api_url: str = API_URL) -> None:
    # One handler for the whole loop. By default it would be logged.
    asyncio.get_running_loop().set_exception_handler(report)
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Forgotten:", await forgotten(client))
        print("Late:", await late(client))
        print("Looked after:", await looked_after(client))


if __name__ == "__main__":
    asyncio.run(main())

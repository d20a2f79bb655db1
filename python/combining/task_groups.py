"""Load names in a group: all of them, or none and nobody is left.

Explained in docs/combining/task-groups.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
GOOD = ["/users/2", "/users/4"]
# The second fails while the first is under way.
BAD = ["/users/3", "/status/503"]


class RequestError(Exception):
    """What we expect to go wrong. Anything else is a bug."""


async def get_name(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path)
    if response.is_error:
        raise RequestError(f"HTTP {response.status_code}")
    return str(response.json()["name"])


async def load_names(
    client: httpx.AsyncClient, paths: list[str]
) -> list[str]:
    # No task outlives this block. If one fails, the group cancels
    # the others, waits until they have ended, and raises.
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(get_name(client, path)) for path in paths
        ]
    # All have ended well, so each has its result.
    return [task.result() for task in tasks]


async def main(api_url: str = API_URL) -> None:
    async def show(paths: list[str]) -> None:
        try:
            print("All:", *await load_names(client, paths))
        # The group raises a group of errors, even for one.
        except* RequestError as failed:
            print("None:", *failed.exceptions)

    # Both at once: a failure in one leaves the other alone.
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        asyncio.TaskGroup() as group,
    ):
        for paths in [GOOD, BAD]:
            group.create_task(show(paths))


if __name__ == "__main__":
    asyncio.run(main())

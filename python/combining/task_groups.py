"""Load names in a group: all of them, or none and nobody is left.

Explained in docs/combining/task-groups.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
GOOD = ["/users/1", "/users/2"]
# The second fails while the first is under way.
BAD = ["/users/4", "/status/503"]


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
    # All have ended well, so result() has nothing to wait for.
    return [task.result() for task in tasks]


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        for paths in [GOOD, BAD]:
            try:
                names = await load_names(client, paths)
                print("All:", ", ".join(names))
            # The group raises a group of errors, even for one.
            except* RequestError as failed:
                print("None:", *failed.exceptions)


if __name__ == "__main__":
    asyncio.run(main())

"""One request of two fails: what becomes of the other?

Explained in docs/basics/errors.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# In each pair the second fails before the first is answered.
FIRST = ["/users/4", "/status/500"]
SECOND = ["/users/5", "/status/502"]
THIRD = ["/users/3", "/status/503"]


async def get_name(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path)
    response.raise_for_status()
    return response.json()["name"]


async def wait_for_all(client: httpx.AsyncClient, *paths: str) -> str:
    names = [get_name(client, path) for path in paths]
    try:
        return ", ".join(await asyncio.gather(*names))
    # If there is no answer at all, the caller has to know.
    except httpx.HTTPStatusError as error:
        return f"HTTP {error.response.status_code}"


async def wait_for_each(client: httpx.AsyncClient, *paths: str) -> int:
    names = [get_name(client, path) for path in paths]
    # Nothing is raised: a failure stands in the list as a result.
    results = await asyncio.gather(*names, return_exceptions=True)
    return sum(isinstance(r, BaseException) for r in results)


async def stop_the_rest(client: httpx.AsyncClient, *paths: str) -> str:
    try:
        # The group ends only when all of its tasks have ended.
        async with asyncio.TaskGroup() as group:
            names = [
                group.create_task(get_name(client, path))
                for path in paths
            ]
        outcome = ", ".join(task.result() for task in names)
    # Several may fail before they are stopped, hence the star.
    except* httpx.HTTPStatusError:
        # Python allows no return in here.
        outcome = "one failed, the rest is stopped"
    return outcome


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("Wait for all:", await wait_for_all(client, *FIRST))
        failed = await wait_for_each(client, *SECOND)
        print("How many failed:", failed)
        print("Stop the rest:", await stop_the_rest(client, *THIRD))


if __name__ == "__main__":
    asyncio.run(main())

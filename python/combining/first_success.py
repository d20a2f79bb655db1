"""Ask several mirrors, and take the first answer that is a success.

Explained in docs/combining/first-success.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# There is no mirror in Bonn, and none in Nice or Rome.
NO_MIRRORS = ["bonn?delay=0.1", "nice?delay=0.2"]
MIRRORS = ["rome?delay=0.1", "lima", "oslo"]


async def ask(client: httpx.AsyncClient, mirror: str) -> str:
    response = await client.get(f"/mirrors/{mirror}")
    # Without this line, the first 404 would be a success.
    response.raise_for_status()
    return response.json()["city"]


async def first_success(
    client: httpx.AsyncClient, mirrors: list[str]
) -> str:
    tasks = [asyncio.create_task(ask(client, m)) for m in mirrors]
    pending = set(tasks)
    failures = []
    try:
        while pending:
            # Only those that are left: a finished task ends the wait.
            done, pending = await asyncio.wait(
                pending, return_when=asyncio.FIRST_COMPLETED
            )
            # Several may have ended since the last turn.
            for task in done:
                try:
                    return task.result()
                except httpx.HTTPError as error:
                    failures.append(error)
        raise ExceptionGroup("every mirror has failed", failures)
    finally:
        # wait() stops nothing: without this, the losers work on.
        for task in tasks:
            task.cancel()
        # cancel() only asks. Wait until each task has ended.
        await asyncio.wait(tasks)


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        try:
            await first_success(client, NO_MIRRORS)
        except* httpx.HTTPError as group:
            print("No success:", len(group.exceptions), "failures")
        print("First success:", await first_success(client, MIRRORS))


if __name__ == "__main__":
    asyncio.run(main())

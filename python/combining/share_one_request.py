"""Ten callers want the same value at the same time. Ask for it once.

Explained in docs/combining/share-one-request.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
PATH = "/sources/traffic"
# The seconds that each of ten callers waits. One is in a hurry.
PATIENCE = [0.1, *[1.0] * 9]


async def get_value(client: httpx.AsyncClient, path: str) -> int:
    # Whoever comes later joins this request. It must not hang.
    async with asyncio.timeout(2):
        response = await client.get(path)
    response.raise_for_status()
    return response.json()["value"]


def share(
    tasks: dict[str, asyncio.Task[int]],
    client: httpx.AsyncClient,
    path: str,
) -> asyncio.Task[int]:
    # From here to the entry is no await, so nobody comes in between.
    if path not in tasks:
        tasks[path] = asyncio.create_task(get_value(client, path))

        def forget_failure(task: asyncio.Task[int]) -> None:
            # To ask for the exception is to handle it, too.
            if task.cancelled() or task.exception():
                del tasks[path]

        # It is the first callback, so it runs before a caller goes on.
        tasks[path].add_done_callback(forget_failure)
    return tasks[path]


async def ask(task: asyncio.Task[int], seconds: float) -> int | str:
    try:
        async with asyncio.timeout(seconds):
            # A limit around `await task` would cancel it for all ten.
            await asyncio.wait([task])
        return task.result()
    except TimeoutError:
        return "too late"
    except httpx.HTTPStatusError as error:
        return f"HTTP {error.response.status_code}"


async def main(api_url: str = API_URL) -> None:
    tasks: dict[str, asyncio.Task[int]] = {}
    async with httpx.AsyncClient(base_url=api_url) as client:
        # The source is busy at first. That answer must not stay.
        for turn in ["First", "Again", "Later"]:
            asking = [
                ask(share(tasks, client, PATH), s) for s in PATIENCE
            ]
            answers = dict.fromkeys(await asyncio.gather(*asking))
            print(f"{turn}:", ", ".join(map(str, answers)))


if __name__ == "__main__":
    asyncio.run(main())

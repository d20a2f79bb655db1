"""Take a mark away again, whatever stops the work that it stands for.

Explained in docs/failures/cleanup.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
TAKEN = {"title": "Ada is editing this", "body": "Please wait"}
FREE = {"title": "Free for editing", "body": "Go on"}


async def send(
    client: httpx.AsyncClient, method: str, path: str, post: Any = None
) -> Any:
    response = await client.request(method, path, json=post)
    return response.raise_for_status().json()


# Python only: in JavaScript nothing can stop a promise.
async def to_its_end(cleaning: Coroutine[Any, Any, Any]) -> None:
    # What nobody can stop needs a limit of its own. The variable keeps
    # the task: the event loop holds it weakly.
    task = asyncio.create_task(asyncio.wait_for(cleaning, 5))
    stopped = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            # It has ended our wait, not the task. So wait again.
            stopped = error
    # A failure comes first, even if a stop came in the same turn.
    task.result()
    if stopped:
        raise stopped


async def work(client: httpx.AsyncClient) -> None:
    try:
        # Inside: a stop can come when the API has set the mark, and
        # we do not know it yet.
        await send(client, "PUT", "/posts/1", TAKEN)
        await send(client, "GET", "/notifications?delay=0.1")
        await asyncio.sleep(3)
    finally:
        free = send(client, "PUT", "/posts/1?delay=0.6", FREE)
        await to_its_end(free)


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        # The group waits for the clean-up, too.
        async with asyncio.TaskGroup() as group:
            working = group.create_task(work(client))
            for number in [1, 2]:
                await send(client, "GET", f"/users/{number}?delay=0.4")
                working.cancel()
                print("Stop", number)
        print("Was it stopped?", "Yes" if working.cancelled() else "No")
        post = await send(client, "GET", "/posts/1?delay=0.1")
        print("The mark says:", post["title"])


if __name__ == "__main__":
    asyncio.run(main())

"""Answer first, and load pictures in the background: kept, watched.

Explained in docs/failures/fire-and-forget.md
Needs the mock API: nox -s api
"""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


class HttpError(Exception):
    """The answer is not a good one."""


class Background:
    """Jobs that go on after the answer."""

    def __init__(self) -> None:
        self.jobs: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.create_task(work)
        # The event loop holds a task only weakly. This set keeps it.
        self.jobs.add(job)
        job.add_done_callback(self._ended)

    def _ended(self, job: asyncio.Task[None]) -> None:
        self.jobs.discard(job)
        # Nobody awaits the job, so nobody else sees its failure.
        if not job.cancelled() and (error := job.exception()):
            print(f"Background: {type(error).__name__}: {error}")

    async def finish(self) -> None:
        # A job may have started another one, so look again.
        while self.jobs:
            await asyncio.wait(self.jobs)


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    # If a job hangs, nobody is there who would notice.
    async with asyncio.timeout(3):
        response = await client.get(path)
    if response.is_error:
        raise HttpError(f"HTTP {response.status_code}")
    return response


async def main(api_url: str = API_URL) -> None:
    background = Background()
    pictures: dict[int, str] = {}

    async def load_picture(user: int) -> None:
        response = await get(client, f"/users/{user}/picture")
        pictures[user] = response.text

    async with httpx.AsyncClient(base_url=api_url) as client:
        try:
            user = (await get(client, "/users/1")).json()
            # The answer waits for no picture. There is no user 99.
            background.start(load_picture(2))
            background.start(load_picture(99))
            print("Hello,", user["name"])
        finally:
            # When main has ended, asyncio.run cancels what is left.
            await background.finish()
    print("Pictures:", len(pictures))


if __name__ == "__main__":
    asyncio.run(main())

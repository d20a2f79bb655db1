"""A function that is called back later, and the same as an await.

Explained in docs/basics/callbacks.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_name(client: httpx.AsyncClient, user_id: int) -> str:
    response = await client.get(f"/users/{user_id}")
    response.raise_for_status()
    return response.json()["name"]


def pause(seconds: float) -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def settle() -> None:
        # Whoever waited may have been cancelled by now.
        if not future.done():
            future.set_result(None)

    # The callback settles the future, and the future can be awaited.
    loop.call_later(seconds, settle)
    return future


async def main(api_url: str = API_URL) -> None:
    def show(task: asyncio.Task[str]) -> None:
        # The callback gets the task, which may have failed.
        failed = task.cancelled() or task.exception()
        print("Called back:", "no name" if failed else task.result())

    loop = asyncio.get_running_loop()
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        asyncio.TaskGroup() as group,
    ):
        # Style 1: hand over a function. The loop calls it in 50 ms.
        hint = loop.call_later(0.05, print, "Timer: still loading")
        # Style 2: attach a function to an operation under way.
        name = group.create_task(get_name(client, 1))
        name.add_done_callback(show)
        print("main goes on")
        try:
            # Style 3: wait here. Both callbacks run meanwhile.
            print("Awaited:", await name)
        finally:
            hint.cancel()

        await pause(0.05)
        print("Paused")


if __name__ == "__main__":
    asyncio.run(main())

"""One operation in three styles: callback, future, await."""

import asyncio
import os
from collections.abc import Callable

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def get_name(client: httpx.AsyncClient, user_id: int) -> str:
    response = await client.get(f"/users/{user_id}")
    response.raise_for_status()
    return response.json()["name"]


# The callee: it returns at once and calls one of the two back later.
def ask(
    client: httpx.AsyncClient,
    user_id: int,
    on_name: Callable[[str], None],
    on_error: Callable[[BaseException], None],
) -> None:
    def done(task: asyncio.Task[str]) -> None:
        if error := task.exception():
            on_error(error)
        else:
            on_name(task.result())

    task = asyncio.create_task(get_name(client, user_id))
    task.add_done_callback(done)


# The same, wrapped: the two callbacks settle a future.
def answer(
    client: httpx.AsyncClient, user_id: int
) -> asyncio.Future[str]:
    future = asyncio.get_running_loop().create_future()
    ask(client, user_id, future.set_result, future.set_exception)
    return future


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        ask(client, 1, lambda name: print("Called back:", name), print)
        grace = answer(client, 2)
        grace.add_done_callback(lambda f: print("Settled:", f.result()))
        print("The caller goes on")
        # Here the rest of the function is what is called back.
        print("Awaited:", await answer(client, 3))


if __name__ == "__main__":
    asyncio.run(main())

"""In which order the event loop runs what is ready, due or arriving.

Explained in docs/basics/event-loop.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


async def ask(client: httpx.AsyncClient) -> None:
    print("- a request begins")
    response = await client.get("/data")
    response.raise_for_status()
    print("- its answer is there")


def callback() -> None:
    loop = asyncio.get_running_loop()
    loop.call_soon(print, "- a callback of the callback")
    print("- a callback")


async def let_others_run() -> str:
    ran: list[str] = []
    loop = asyncio.get_running_loop()
    loop.call_later(0, ran.append, "a timer")
    loop.call_soon(ran.append, "a callback")
    # We block the loop until the timer is overdue.
    end = loop.time() + 0.002
    while loop.time() < end:
        pass
    # The shortest wait there is, again and again.
    for _ in range(1000):
        await asyncio.sleep(0)
    return ", ".join(ran)


async def main(api_url: str = API_URL) -> None:
    loop = asyncio.get_running_loop()
    async with (
        httpx.AsyncClient(base_url=api_url) as client,
        asyncio.TaskGroup() as group,
    ):
        print("main starts")
        # The timer first: when you start it does not decide.
        loop.call_later(0, print, "- a timer of 0 s")
        loop.call_soon(callback)
        answer = group.create_task(ask(client))
        print("main waits")
        await answer

        print("main lets others run:", await let_others_run())


if __name__ == "__main__":
    asyncio.run(main())

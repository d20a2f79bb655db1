"""In which order the event loop runs what is ready, due or arriving."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
AT_MOST = 1000


async def ask(client: httpx.AsyncClient) -> None:
    response = await client.get("/data")
    response.raise_for_status()
    print("- the answer of the API")


def callback() -> None:
    print("- a callback")
    asyncio.get_running_loop().call_soon(print, "- a callback of it")


async def give_way() -> str:
    fired: list[str] = []
    asyncio.get_running_loop().call_later(0, fired.append, "now")
    times = 0
    while not fired and times < AT_MOST:
        # The shortest wait there is: let others run, then go on.
        await asyncio.sleep(0)
        times += 1
    state = "fired" if fired else "not fired"
    return f"{times} times, timer {state}"


async def main(api_url: str = API_URL) -> None:
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=api_url) as client:
        print("main starts")
        # Put in line from the slowest to the quickest.
        answer = asyncio.create_task(ask(client))
        loop.call_later(0, print, "- a timer of 0 s")
        loop.call_soon(callback)
        print("main waits")
        await answer

        print("main gives way:", await give_way())


if __name__ == "__main__":
    asyncio.run(main())

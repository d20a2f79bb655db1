"""Give a list to a thread, look at it again, and call the work off."""

import asyncio
import os
import threading

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")


def get_name(api_url: str, user_id: int) -> str:
    # A thread may block: an ordinary client will do.
    response = httpx.get(f"{api_url}/users/{user_id}")
    response.raise_for_status()
    return response.json()["name"]


def add_name(
    api_url: str, names: list[str], user_id: int, ended: threading.Event
) -> str:
    try:
        names.append(get_name(api_url, user_id))
        return ", ".join(names)
    finally:
        ended.set()


async def main(api_url: str = API_URL) -> None:
    names = ["Ada"]
    ended = threading.Event()
    there = await asyncio.to_thread(add_name, api_url, names, 2, ended)
    print("In the thread:", there)
    print("Here:", ", ".join(names))

    ended.clear()
    adding = asyncio.create_task(
        asyncio.to_thread(add_name, api_url, names, 5, ended)
    )
    await asyncio.sleep(0.2)
    # Ends our wait; the thread has not even been told.
    adding.cancel()
    await asyncio.to_thread(ended.wait)
    print("Called off:", ", ".join(names))


if __name__ == "__main__":
    asyncio.run(main())

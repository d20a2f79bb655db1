"""Ask SQLite a slow question: in the loop, then in a thread."""

import asyncio
import os
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
SLOW = """with recursive numbers(n) as
    (select 1 union all select n + 1 from numbers where n < 20000)
    select count(*) as pairs from posts, numbers"""


async def get_titles(api_url: str) -> list[str]:
    async with httpx.AsyncClient(base_url=api_url) as client:
        response = await client.get("/posts")
    response.raise_for_status()
    return [post["title"] for post in response.json()]


def ask(titles: list[str]) -> int:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table posts (title text)")
        insert = "insert into posts values (?)"
        database.executemany(insert, zip(titles))
        return database.execute(SLOW).fetchone()[0]


async def ask_here(titles: list[str]) -> int:
    # `async` alone does not help: nothing in here waits.
    return ask(titles)


async def ask_elsewhere(titles: list[str]) -> int:
    return await asyncio.to_thread(ask, titles)


async def heartbeat(asking: Coroutine[Any, Any, int]) -> str:
    answer = asyncio.create_task(asking)
    await asyncio.sleep(0)  # the task begins
    beats = 0
    while not answer.done():
        beats += 1
        await asyncio.sleep(0.001)
    heart = "the heart beats on" if beats else "not one beat"
    return f"{answer.result()} pairs, {heart}"


async def main(api_url: str = API_URL) -> None:
    titles = await get_titles(api_url)
    print("In the loop:", await heartbeat(ask_here(titles)))
    print("In a thread:", await heartbeat(ask_elsewhere(titles)))


if __name__ == "__main__":
    asyncio.run(main())

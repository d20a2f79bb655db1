"""Ask SQLite a slow question: in the loop, then in a thread.

Explained in docs/uses/blocking-database.md
"""

import asyncio
import sqlite3
from collections.abc import Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from typing import Any

FILL = """create table numbers as with recursive n(i) as (select 1
    union all select i + 1 from n limit 2000) select i from n"""
COUNT = "select count(*) from numbers as a, numbers as b"


# Python only: a thread runs a function that knows no await.
def ask(database: sqlite3.Connection, sql: str) -> list[Any]:
    return database.execute(sql).fetchall()


async def ask_here(database: sqlite3.Connection, sql: str) -> list[Any]:
    # `async` alone does not help: nothing in here waits.
    return ask(database, sql)


async def ask_elsewhere(
    thread: Executor, database: sqlite3.Connection, sql: str
) -> list[Any]:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(thread, ask, database, sql)


async def show(
    label: str, asking: Coroutine[Any, Any, list[Any]]
) -> None:
    answer = asyncio.create_task(asking)
    # A new task begins at the next turn of the loop.
    await asyncio.sleep(0)
    turns = 0
    while not answer.done():
        turns += 1
        await asyncio.sleep(0)
    [[pairs]] = await answer
    loop = "goes on" if turns else "stands still"
    print(f"{label}: {pairs} pairs, the loop {loop}")


async def main() -> None:
    with closing(sqlite3.connect(":memory:")) as here:
        ask(here, FILL)
        await show("In the loop", ask_here(here, COUNT))

    # A connection belongs to a thread, so there is one for all calls.
    with ThreadPoolExecutor(1) as thread:
        opening = thread.submit(sqlite3.connect, ":memory:")
        there = await asyncio.wrap_future(opening)
        try:
            await ask_elsewhere(thread, there, FILL)
            asking = ask_elsewhere(thread, there, COUNT)
            await show("In a thread", asking)
        finally:
            # It is closed there, too, before the pool ends.
            thread.submit(there.close)


if __name__ == "__main__":
    asyncio.run(main())

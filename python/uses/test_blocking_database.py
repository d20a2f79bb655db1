import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

from helpers import printed
from uses.blocking_database import ask_here, main

ENDLESS = """with recursive numbers(n) as
    (select begun() union all select n + 1 from numbers)
    select count(*) from numbers"""


async def test_the_heart_stops_only_for_the_question_in_the_loop(
    mock_api,
):
    assert await printed(main(mock_api.url)) == (
        "In the loop: 200000 pairs, not one beat\n"
        "In a thread: 200000 pairs, the heart beats on\n"
    )


async def test_async_in_front_of_it_changes_nothing():
    happened = []

    async def ask(question):
        happened.append("asked")
        await question(["one title"])
        happened.append("answered")

    async def beat():
        happened.append("beat")

    await asyncio.gather(ask(ask_here), beat())
    assert happened == ["asked", "answered", "beat"]


async def test_only_a_query_elsewhere_can_wait_for_the_loop():
    beaten = threading.Event()

    def query(seconds):
        with closing(sqlite3.connect(":memory:")) as database:
            database.create_function("beaten", 1, beaten.wait)
            return database.execute(
                "select beaten(?)", [seconds]
            ).fetchone()

    async def beat():
        beaten.set()

    async def here():
        return query(0.05)

    row, _ = await asyncio.gather(here(), beat())
    assert row == (0,)
    beaten.clear()
    elsewhere = asyncio.to_thread(query, 10)
    row, _ = await asyncio.gather(elsewhere, beat())
    assert row == (1,)


async def test_a_connection_stays_in_its_thread():
    with (
        closing(sqlite3.connect(":memory:")) as database,
        pytest.raises(
            sqlite3.ProgrammingError,
            match="SQLite objects created in a thread "
            "can only be used in that same thread",
        ),
    ):
        await asyncio.to_thread(database.execute, "select 1")

    with closing(
        sqlite3.connect(":memory:", check_same_thread=False)
    ) as database:
        rows = await asyncio.to_thread(database.execute, "select 1")
        assert rows.fetchone() == (1,)


# Python only: node:sqlite has no way to interrupt a query.
async def test_a_running_query_can_be_interrupted():
    begun = threading.Event()
    with closing(
        sqlite3.connect(":memory:", check_same_thread=False)
    ) as database:
        database.create_function("begun", 0, begun.set)
        asking = asyncio.create_task(
            asyncio.to_thread(database.execute, ENDLESS)
        )
        assert await asyncio.to_thread(begun.wait, 10)
        for _ in range(100):
            await asyncio.sleep(0)  # the loop goes on
        assert not asking.done()
        database.interrupt()
        with pytest.raises(sqlite3.OperationalError) as raised:
            await asking
        assert str(raised.value) == "interrupted"

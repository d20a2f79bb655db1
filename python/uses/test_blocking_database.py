import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from helpers import printed
from uses import blocking_database
from uses.blocking_database import (
    ask,
    ask_elsewhere,
    ask_here,
    main,
    show,
)

ENDLESS = """with recursive numbers(n) as
    (select begun() union all select n + 1 from numbers)
    select count(*) from numbers"""


@contextmanager
def opened(**functions) -> Iterator[Any]:
    """A thread, and its connection with `functions` for SQL."""
    with ThreadPoolExecutor(1) as thread:
        database = thread.submit(sqlite3.connect, ":memory:").result()
        try:
            for name, function in functions.items():
                create = database.create_function
                thread.submit(create, name, 0, function).result()
            yield thread, database
        finally:
            thread.submit(database.close).result()


async def test_the_loop_stands_still_for_the_query_in_it():
    assert await printed(main()) == (
        "In the loop: 4000000 pairs, the loop stands still\n"
        "In a thread: 4000000 pairs, the loop goes on\n"
    )


async def test_the_program_closes_what_it_opens(monkeypatch):
    opened, closed, left = [], [], []

    class Noting(sqlite3.Connection):
        def __init__(self, *args, **kwargs):
            opened.append(threading.get_ident())
            super().__init__(*args, **kwargs)

        def close(self):
            super().close()
            closed.append(threading.get_ident())

    class OneThread(ThreadPoolExecutor):
        def __init__(self, threads):
            assert threads == 1
            super().__init__(threads)

        def shutdown(self, wait=True, **kwargs):
            super().shutdown(wait, **kwargs)
            left.append(wait)

    connect = partial(sqlite3.connect, factory=Noting)
    monkeypatch.setattr(sqlite3, "connect", connect)
    name = "ThreadPoolExecutor"
    monkeypatch.setattr(blocking_database, name, OneThread)
    await printed(main())
    assert len(set(opened)) == 2
    # Each in the thread that has opened it.
    assert closed == opened
    assert left == [True]


async def test_async_in_front_of_it_changes_nothing():
    happened = []

    async def query(asking):
        happened.append("asked")
        await asking
        happened.append("answered")

    async def beat():
        happened.append("beat")

    with closing(sqlite3.connect(":memory:")) as here:
        await asyncio.gather(query(ask_here(here, "select 1")), beat())
    assert happened == ["asked", "answered", "beat"]

    happened.clear()
    with opened() as (thread, there):
        elsewhere = ask_elsewhere(thread, there, "select 1")
        await asyncio.gather(query(elsewhere), beat())
    assert happened == ["asked", "beat", "answered"]


async def test_a_query_elsewhere_waits_for_the_loop():
    begun, turned = threading.Event(), threading.Event()

    def until_a_turn():
        begun.set()
        return turned.wait(10)

    with opened(turned=until_a_turn) as (thread, there):
        sql = "select turned()"
        asking = asyncio.create_task(ask_elsewhere(thread, there, sql))
        # The query has begun, and the loop takes a turn before its end.
        assert await asyncio.to_thread(begun.wait, 10)
        assert not asking.done()
        asyncio.get_running_loop().call_soon(turned.set)
        assert await asking == [(1,)]


async def test_a_query_in_the_loop_waits_for_it_in_vain():
    turned = threading.Event()
    with closing(sqlite3.connect(":memory:")) as here:
        here.create_function("turned", 0, lambda: turned.wait(0.05))
        asyncio.get_running_loop().call_soon(turned.set)
        assert ask(here, "select turned()") == [(0,)]


async def test_what_a_call_stored_is_there_for_the_next():
    with opened() as (thread, there):
        await ask_elsewhere(thread, there, "create table a (n)")
        await ask_elsewhere(thread, there, "insert into a values (1)")
        await ask_elsewhere(thread, there, "insert into a values (2)")
        rows = await ask_elsewhere(thread, there, "select n from a")
        assert rows == [(1,), (2,)]


async def test_each_call_gets_its_own_answer():
    with opened() as (thread, there):
        calls = [
            ask_elsewhere(thread, there, f"select {number}")
            for number in range(20)
        ]
        failing = ask_elsewhere(thread, there, "select a from b")
        error, *answers = await asyncio.gather(
            failing, *calls, return_exceptions=True
        )
    assert type(error) is sqlite3.OperationalError
    assert answers == [[(number,)] for number in range(20)]


async def test_an_error_comes_back_and_the_next_call_works():
    with opened() as (thread, there):
        with pytest.raises(sqlite3.OperationalError) as raised:
            await ask_elsewhere(thread, there, "select a from b")
        assert str(raised.value) == "no such table: b"
        assert await ask_elsewhere(thread, there, "select 1") == [(1,)]


async def test_show_counts_no_turn_for_an_answer_that_is_there():
    async def answered():
        return [(7,)]

    assert await printed(show("Now", answered())) == (
        "Now: 7 pairs, the loop stands still\n"
    )


# What the language does, without the program.


async def test_a_connection_stays_in_its_thread():
    with (
        closing(sqlite3.connect(":memory:")) as database,
        pytest.raises(sqlite3.ProgrammingError) as raised,
    ):
        await asyncio.to_thread(database.execute, "select 1")
    assert f"sqlite3.ProgrammingError: {raised.value}".startswith(
        "sqlite3.ProgrammingError: SQLite objects created in a thread "
        "can only be used in that same thread."
    )
    with (
        opened() as (_, there),
        pytest.raises(sqlite3.ProgrammingError),
    ):
        there.close()
    with closing(
        sqlite3.connect(":memory:", check_same_thread=False)
    ) as database:
        rows = await asyncio.to_thread(database.execute, "select 1")
        assert rows.fetchone() == (1,)


# Python only: a database of node:sqlite cannot be shared.
async def test_two_threads_share_one_transaction():
    with closing(
        sqlite3.connect(":memory:", check_same_thread=False)
    ) as database:
        database.execute("create table a (n)")
        write = "insert into a values (1)"
        await asyncio.to_thread(database.execute, write)
        # It undoes what another thread has written.
        await asyncio.to_thread(database.rollback)
        assert ask(database, "select n from a") == []


# Python only: JavaScript makes one worker, and not a pool of them.
async def test_to_thread_takes_any_thread_of_the_pool():
    both = threading.Barrier(2)

    def which():
        both.wait(10)
        return threading.get_ident()

    one, other = await asyncio.gather(
        asyncio.to_thread(which), asyncio.to_thread(which)
    )
    assert one != other


# Python only: node:sqlite has no interrupt.
async def test_a_running_query_can_be_interrupted():
    begun = threading.Event()
    with opened(begun=begun.set) as (thread, there):
        asking = asyncio.create_task(
            ask_elsewhere(thread, there, ENDLESS)
        )
        assert await asyncio.to_thread(begun.wait, 10)
        # Called here, although the connection belongs to the thread.
        there.interrupt()
        with pytest.raises(sqlite3.OperationalError) as raised:
            await asking
        assert str(raised.value) == "interrupted"
        # The connection works on.
        assert await ask_elsewhere(thread, there, "select 1") == [(1,)]


# Python only: a worker has no cancel.
async def test_a_cancel_ends_the_wait_and_not_the_query():
    begun = threading.Event()
    with opened(begun=begun.set) as (thread, there):
        asking = asyncio.create_task(
            ask_elsewhere(thread, there, ENDLESS)
        )
        assert await asyncio.to_thread(begun.wait, 10)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        # The next call waits behind the query that goes on.
        after = thread.submit(ask, there, "select 1")
        await asyncio.sleep(0)
        assert not after.running()
        there.interrupt()
        assert await asyncio.wrap_future(after) == [(1,)]


# Python only: node:sqlite has no interrupt.
async def test_an_interrupt_before_the_query_does_nothing():
    with opened() as (thread, there):
        there.interrupt()
        assert await ask_elsewhere(thread, there, "select 1") == [(1,)]


async def test_a_function_that_fails_stops_a_query():
    stopped = threading.Event()
    begun = threading.Event()

    def go_on():
        begun.set()
        if stopped.is_set():
            raise RuntimeError("called off")
        return 1

    sql = ENDLESS.replace("begun()", "1").replace("n + 1", "go_on()")
    with opened(go_on=go_on) as (thread, there):
        asking = asyncio.create_task(ask_elsewhere(thread, there, sql))
        assert await asyncio.to_thread(begun.wait, 10)
        stopped.set()
        with pytest.raises(sqlite3.OperationalError) as raised:
            await asking
    assert str(raised.value) == "user-defined function raised exception"


async def test_a_locked_database_is_an_error(tmp_path: Path):
    file = tmp_path / "a.db"
    with (
        closing(sqlite3.connect(file)) as one,
        closing(sqlite3.connect(file, timeout=0)) as other,
    ):
        one.execute("create table a (n)")
        one.execute("insert into a values (1)")
        with pytest.raises(sqlite3.OperationalError) as raised:
            other.execute("insert into a values (2)")
        assert str(raised.value) == "database is locked"
        one.commit()
        other.execute("insert into a values (2)")
        # Milliseconds that a call waits for the lock by default.
        assert ask(one, "pragma busy_timeout") == [(5000,)]

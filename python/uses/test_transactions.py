import asyncio
from uuid import uuid4

import asyncpg
import pytest

from helpers import limited, printed, reported
from uses.transactions import balances, main, pay

TABLE = """
create table accounts (
    owner text primary key, balance int check (balance >= 0));
insert into accounts values ('Ada', 100), ('Grace', 0)
"""
DUPLICATE = (
    'duplicate key value violates unique constraint "accounts_pkey"'
)
CREDIT = "update accounts set balance = balance + 1 where owner = $1"


# It notes the time limit of whoever makes a schema.
NOTES = """
create table noted (statement_timeout text);
create function note() returns event_trigger
language plpgsql as $$ begin
    insert into public.noted
    values (current_setting('statement_timeout'));
end $$;
create event trigger notes on ddl_command_end
when tag in ('CREATE SCHEMA') execute function note();
"""


@pytest.fixture
async def database(database_url):
    """A database of the test's own, with notes."""
    name = f"test_{uuid4().hex}"
    server = await asyncpg.connect(database_url)
    await server.execute(f"create database {name}")
    address, _, rest = database_url.partition("?")
    address, _, _ = address.rpartition("/")
    url = f"{address}/{name}?{rest}".rstrip("?")
    connection = await asyncpg.connect(url)
    await connection.execute(NOTES)
    yield url, connection
    await connection.close()
    await server.execute(f"drop database {name} with (force)")
    await server.close()


@pytest.fixture
async def own_url(database_url):
    """Connections by it have a schema and a name of their own."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"create schema {name}")
    sign = "&" if "?" in database_url else "?"
    settings = f"search_path={name}&application_name={name}"
    yield f"{database_url}{sign}{settings}"
    await connection.execute(f"drop schema {name} cascade")
    await connection.close()


@pytest.fixture
async def pool(own_url):
    async with asyncpg.create_pool(
        own_url, min_size=0, max_size=3
    ) as pool:
        await pool.execute(TABLE)
        yield pool


async def until_blocked(pool):
    """Wait until one connection waits for another one's row."""
    query = (
        "select count(*) from pg_stat_activity where application_name"
        " = current_setting('application_name')"
        " and wait_event_type = 'Lock'"
    )
    async with limited(lambda: "nobody waits for a row"):
        while await pool.fetchval(query) == 0:
            await pool.execute("select pg_sleep(0.001)")


async def test_both_accounts_change_or_none(database):
    url, connection = database
    assert await printed(main(url)) == (
        "At first: Ada 100, Grace 0\n"
        "Ada pays 30: done\n"
        "Ada pays 500: refused\n"
        "At the end: Ada 70, Grace 30\n"
    )
    assert await connection.fetchval("table noted") == "20s"
    left = "select count(*) from pg_namespace where nspname like 'run%'"
    assert await connection.fetchval(left) == 0


async def test_nobody_sees_half_a_payment(pool):
    async with pool.acquire() as other:
        holding = other.transaction()
        await holding.start()
        await other.execute(
            "select from accounts where owner = 'Ada' for update"
        )
        paying = asyncio.create_task(pay(pool, 30))
        await until_blocked(pool)
        # Grace has got it already, but only this transaction sees that:
        # her row is locked, and others read what she had.
        free = (
            "select from accounts where owner = 'Grace'"
            " for update skip locked"
        )
        assert await pool.fetch(free) == []
        assert await balances(pool) == "Ada 100, Grace 0"
        await holding.rollback()
    assert await paying == "done"
    assert await balances(pool) == "Ada 70, Grace 30"


async def test_another_error_is_no_refusal(pool):
    await pool.execute("drop table accounts")
    with pytest.raises(asyncpg.UndefinedTableError):
        await pay(pool, 30)


# Python only: nobody can cancel a promise.
async def test_a_cancelled_payment_changes_nothing(pool):
    async with pool.acquire() as other, other.transaction():
        await other.execute(
            "select from accounts where owner = 'Ada' for update"
        )
        paying = asyncio.create_task(pay(pool, 30))
        await until_blocked(pool)
        paying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await paying
    assert await balances(pool) == "Ada 100, Grace 0"


# Python only: nobody can cancel a promise.
async def test_a_cancellation_after_commit_is_too_late(own_url):
    paying: asyncio.Task[str]

    async def cancel_after_commit(query):
        if query.query == "COMMIT;":
            paying.cancel()

    async def listen(connection):
        connection.add_query_logger(cancel_after_commit)

    async with asyncpg.create_pool(
        own_url, min_size=0, max_size=1, setup=listen
    ) as pool:
        await pool.execute(TABLE)
        paying = asyncio.create_task(pay(pool, 30))
        with pytest.raises(asyncio.CancelledError):
            await paying
        assert await balances(pool) == "Ada 70, Grace 30"


# What the language does, without the program.


async def test_an_error_of_your_own_takes_all_back(pool):
    async with pool.acquire() as connection:
        with pytest.raises(ValueError, match="no luck"):
            async with connection.transaction():
                await connection.execute(CREDIT, "Grace")
                raise ValueError("no luck")
        assert not connection.is_in_transaction()
    assert await balances(pool) == "Ada 100, Grace 0"


async def test_without_a_block_each_query_counts_by_itself(pool):
    await pool.execute(CREDIT, "Grace")
    with pytest.raises(
        asyncpg.CheckViolationError,
        match='new row for relation "accounts" violates check'
        ' constraint "accounts_balance_check"',
    ) as caught:
        await pool.execute("update accounts set balance = -1")
    assert caught.value.sqlstate == "23514"
    assert await balances(pool) == "Ada 100, Grace 1"


async def test_a_pool_in_the_block_takes_another_connection(pool):
    async with pool.acquire() as connection:
        with pytest.raises(ValueError, match="no luck"):
            async with connection.transaction():
                await connection.execute(CREDIT, "Ada")
                await pool.execute(CREDIT, "Grace")
                raise ValueError("no luck")
    assert await balances(pool) == "Ada 100, Grace 1"


async def test_a_pool_in_the_block_may_wait_for_the_block(pool):
    waiting = None
    async with pool.acquire() as connection:
        with pytest.raises(ValueError, match="no luck"):
            async with connection.transaction():
                await connection.execute(CREDIT, "Ada")
                waiting = asyncio.create_task(
                    pool.execute(CREDIT, "Ada")
                )
                # A block that awaits it here waits for itself.
                await until_blocked(pool)
                raise ValueError("no luck")
    assert waiting
    await waiting
    assert await balances(pool) == "Ada 101, Grace 0"


async def test_a_begin_through_the_pool_is_no_transaction(own_url):
    problems = reported()
    async with asyncpg.create_pool(
        own_url, min_size=0, max_size=1
    ) as pool:
        await pool.execute("begin")
        await pool.execute("create table kept ()")
        await pool.execute("rollback")
        # Nothing has been taken back.
        assert await pool.fetch("select from kept") == []
    assert len(problems) == 1
    assert problems[0].startswith(
        "Resetting connection with an active transaction"
    )


async def test_an_error_that_you_catch_in_the_block(pool):
    again = "insert into accounts values ('Ada', 1)"
    async with pool.acquire() as connection:
        with pytest.raises(
            asyncpg.InFailedSQLTransactionError,
            match="current transaction is aborted, commands ignored"
            " until end of transaction block",
        ):
            async with connection.transaction():
                await connection.execute(CREDIT, "Grace")
                with pytest.raises(
                    asyncpg.UniqueViolationError,
                    match=DUPLICATE,
                ):
                    await connection.execute(again)
                await connection.execute(CREDIT, "Grace")
    assert await balances(pool) == "Ada 100, Grace 0"
    # The inner block is a savepoint: it alone is taken back.
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(CREDIT, "Grace")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with connection.transaction():
                await connection.execute(again)
        await connection.execute(CREDIT, "Grace")
    assert await balances(pool) == "Ada 100, Grace 2"


# Python only: postgres.js reports the first error instead.
async def test_an_error_that_you_catch_last_is_lost(pool):
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(CREDIT, "Grace")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "insert into accounts values ('Ada', 1)"
            )
    # The block has ended without an error, and yet nothing has changed.
    assert await balances(pool) == "Ada 100, Grace 0"


async def test_two_transactions_that_wait_for_each_other(pool):
    async with pool.acquire() as one, pool.acquire() as two:
        await two.execute("set deadlock_timeout = '10ms'")
        first = one.transaction()
        await first.start()
        await one.execute(CREDIT, "Ada")
        waiting = None
        with pytest.raises(
            asyncpg.DeadlockDetectedError, match="deadlock detected"
        ):
            async with two.transaction():
                await two.execute(CREDIT, "Grace")
                waiting = asyncio.create_task(
                    one.execute(CREDIT, "Grace")
                )
                await until_blocked(pool)
                await two.execute(CREDIT, "Ada")
        assert waiting
        await waiting
        await first.commit()
    assert await balances(pool) == "Ada 101, Grace 1"


async def test_two_transactions_that_cannot_both_be_true(pool):
    level = {"isolation": "serializable"}
    insert = "insert into accounts select $1, count(*) from accounts"
    async with pool.acquire() as one, pool.acquire() as two:
        first, second = (
            one.transaction(**level),
            two.transaction(**level),
        )
        await first.start()
        await second.start()
        await one.execute(insert, "Alan")
        await two.execute(insert, "Edith")
        await first.commit()
        with pytest.raises(
            asyncpg.SerializationError,
            match="could not serialize access due to read/write"
            " dependencies among transactions",
        ):
            await second.commit()
    assert await balances(pool) == "Ada 100, Alan 2, Grace 0"

import asyncio
import os
import socket
from contextlib import AsyncExitStack
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg
import pytest

from helpers import limited, printed, running
from uses.database_queries import count_posts, find_seventh, main

# Short sleeps last as long as a test says; rows and limits are noted.
SCHEMA = """
create schema {name};
set search_path = {name};
create sequence made;
create table noted (statement_timeout text);
create function pg_sleep(seconds float8) returns void
language plpgsql as $$ begin
    insert into noted values (current_setting('statement_timeout'));
    perform pg_advisory_lock_shared({key});
    perform pg_advisory_unlock_shared({key});
end $$;
create function generate_series(a int, b int) returns setof bigint
language sql as $$
    select nextval('{name}.made') from pg_catalog.generate_series(a, b)
$$;
"""


class Server:
    """The test's own view of the server, beside the program's."""

    def __init__(self, connection, url):
        self.connection = connection
        self.name = f"test_{uuid4().hex}"
        self.key = uuid4().int % 2**62
        # Connections that go by this URL find the schema first.
        self.url = f"{url}?" + urlencode(
            {
                "application_name": self.name,
                "search_path": f"{self.name},pg_catalog",
            }
        )

    async def hold(self):
        """Let no short sleep end until `release`."""
        await self.ask("select pg_advisory_lock($1)", self.key)

    async def release(self):
        await self.ask("select pg_advisory_unlock($1)", self.key)

    async def ask(self, query, *values):
        return await self.connection.fetchval(query, *values)

    async def has(self, count, what):
        """Wait until so many connections to the URL are `what`."""
        query = "select count(*) from pg_stat_activity where"
        query += f" application_name = '{self.name}' and {what}"
        async with limited(lambda: f"not {count}: {what}"):
            while await self.ask(query) != count:
                await self.ask("select pg_catalog.pg_sleep(0.001)")


@pytest.fixture
async def server(database_url):
    connection = await asyncpg.connect(database_url)
    server = Server(connection, database_url)
    schema = SCHEMA.format(name=server.name, key=server.key)
    await connection.execute(schema)
    yield server
    await connection.execute(f"drop schema {server.name} cascade")
    await connection.close()


@pytest.fixture
async def pool(server):
    async with asyncpg.create_pool(
        server.url, min_size=0, max_size=2
    ) as pool:
        yield pool


async def test_all_questions_are_answered(database_url):
    assert await printed(main(database_url)) == (
        "Posts of Ada: 2\n"
        "Posts of Grace: 1\n"
        "Posts of Alan: 0\n"
        "Posts of ' or author <> ': 0\n"
        "4 queries, 2 connections\n"
        "Found: row 7\n"
    )


async def test_two_queries_run_at_once_and_two_wait(server):
    await server.hold()
    async with running(main(server.url)) as program:
        await server.has(2, "wait_event = 'advisory'")
        await server.has(2, "true")
        assert program.lines == []
        await server.release()
    assert program.lines[-2] == "4 queries, 2 connections"
    await server.has(0, "true")


async def test_every_query_has_a_limit_on_the_server(server):
    await printed(main(server.url))
    query = "select array_agg(statement_timeout) from noted"
    assert await server.ask(query) == ["30s"] * 4


async def test_a_server_that_is_down_is_an_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgres://app@127.0.0.1:{free.getsockname()[1]}/app"
        with pytest.raises(ExceptionGroup) as failed:
            await printed(main(url))
    refused, rest = failed.value.split(ConnectionRefusedError)
    assert refused
    assert not rest


async def test_a_value_is_never_read_as_sql(pool):
    row = await count_posts(pool, "' or author <> '")
    assert row["posts"] == 0
    row = await count_posts(pool, "Ada")
    assert row["posts"] == 2


async def test_rows_that_nobody_reads_are_never_made(server, pool):
    assert await find_seventh(pool) == 7
    assert await server.ask("select last_value from made") == 10


# What the language does, without the program.


async def test_a_text_that_you_build_is_read_as_sql(pool):
    author = "' or author <> '"
    posts = "(values ('Ada'), ('Grace')) as posts (author)"
    query = f"select author from {posts} where author = '{author}'"
    rows = await pool.fetch(query)
    assert [row["author"] for row in rows] == ["Ada", "Grace"]


async def test_a_list_is_one_value(pool):
    posts = "(values ('Ada'), ('Grace'), ('Alan')) as posts (author)"
    authors = ["Ada", "Alan"]
    rows = await pool.fetch(
        f"select author from {posts} where author = any($1)", authors
    )
    assert [row["author"] for row in rows] == authors


# Python only: postgres.js makes a text of most values.
async def test_a_value_must_have_the_right_type(pool):
    with pytest.raises(asyncpg.DataError) as caught:
        await pool.fetchval("select $1::int", "7")
    assert str(caught.value) == (
        "invalid input for query argument $1: '7' "
        "('str' object cannot be interpreted as an integer)"
    )


async def test_what_a_count_comes_as(pool):
    assert await pool.fetchval("select count(*)") == 1
    assert await pool.fetchval("select 7::int") == 7
    big = await pool.fetchval("select 9007199254740993")
    assert big == 9007199254740993


# Python only: in JavaScript the second query waits for its turn.
async def test_a_busy_connection_refuses_a_second_query(server, pool):
    await server.hold()
    async with pool.acquire() as connection:
        first = asyncio.create_task(
            connection.fetchval("select pg_sleep(0.1)")
        )
        await server.has(1, "wait_event = 'advisory'")
        with pytest.raises(
            asyncpg.InterfaceError,
            match="cannot perform operation: "
            "another operation is in progress",
        ):
            await connection.fetchval("select 1")
        await server.release()
        await first


# Python only: postgres.js chooses the connection when the query starts.
async def test_a_waiting_query_takes_the_first_free_connection(
    server, pool
):
    other = server.key + 1
    await server.hold()
    await server.ask("select pg_advisory_lock($1)", other)
    query = "select pg_advisory_xact_lock_shared($1)"
    slow = asyncio.create_task(pool.fetchval(query, server.key))
    await server.has(1, "wait_event = 'advisory'")
    quick = asyncio.create_task(pool.fetchval(query, other))
    await server.has(2, "wait_event = 'advisory'")
    waiting = asyncio.create_task(pool.fetchval("select 3"))
    await server.ask("select pg_advisory_unlock($1)", other)
    await quick
    assert await waiting == 3
    assert not slow.done()
    await server.release()
    await slow


async def test_a_query_that_nobody_awaits_never_starts(server, pool):
    query = pool.fetchval("select nextval('made')")
    await pool.fetchval("select 1")
    assert not await server.ask("select is_called from made")
    assert await query == 1


async def test_a_sort_makes_all_rows(server, pool):
    query = "select generate_series(1, 1000) as id order by id desc"
    async with pool.acquire() as connection, connection.transaction():
        async for row in connection.cursor(query, prefetch=10):
            assert row["id"] == 1000
            break
    assert await server.ask("select last_value from made") == 1000


# Python only: in JavaScript a cursor needs no transaction.
async def test_a_cursor_needs_a_transaction(pool):
    async with pool.acquire() as connection:
        with pytest.raises(
            asyncpg.NoActiveSQLTransactionError,
            match="cursor cannot be created outside of a transaction",
        ):
            async for _ in connection.cursor("select 1"):
                pass


# Python only: the server says it, whatever the client is.
async def test_a_server_has_few_connections(database_url):
    if "DATABASE_URL" in os.environ:
        return  # others use that server, too: it is not ours to fill
    async with AsyncExitStack() as stack:
        with pytest.raises(
            asyncpg.TooManyConnectionsError,
            match="sorry, too many clients already",
        ):
            while True:
                connection = await asyncpg.connect(database_url)
                stack.push_async_callback(connection.close)

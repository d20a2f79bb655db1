import asyncio
from uuid import uuid4

import asyncpg
import pytest

from helpers import limited, printed
from uses.cancel_a_query import give_up, main

SLEEPS = "wait_event = 'PgSleep'"
# Notes the limit, in seconds, where a cancel does not take it back.
SCHEMA = """
create schema {name};
create sequence {name}.noted;
create function {name}.pg_sleep(seconds float8) returns void
language plpgsql as $$ begin
    perform setval('{name}.noted', extract(epoch from
        current_setting('statement_timeout')::interval)::int);
    perform pg_catalog.pg_sleep(seconds);
end $$;
"""


class Server:
    """The test's own view of the server, beside the program's."""

    def __init__(self, connection, url):
        self.ask = connection.fetchval
        self.run = connection.execute
        self.name = f"test_{uuid4().hex}"
        self.url = f"{url}?application_name={self.name}"

    async def has(self, count, what):
        """Wait until so many connections to the URL are `what`."""
        query = "select count(*) from pg_stat_activity where"
        query += f" application_name = '{self.name}' and {what}"
        async with limited(lambda: f"not {count}: {what}"):
            while await self.ask(query) != count:
                await self.ask("select pg_sleep(0.001)")


@pytest.fixture
async def server(database_url):
    connection = await asyncpg.connect(database_url)
    yield Server(connection, database_url)
    await connection.close()


@pytest.fixture
async def pool(server):
    async with asyncpg.create_pool(
        server.url, min_size=0, max_size=1
    ) as pool:
        yield pool


async def test_the_server_stops_only_when_it_is_told(server):
    assert await printed(main(server.url)) == (
        "Nobody waits: active\n"
        "Cancelled: idle\n"
        "With a time limit: given up\n"
    )
    await server.has(0, "true")


async def test_every_query_has_a_limit_on_the_server(server):
    await server.run(SCHEMA.format(name=server.name))
    try:
        path = f"search_path={server.name},pg_catalog"
        await printed(main(f"{server.url}&{path}"))
        noted = f"select last_value from {server.name}.noted"
        assert await server.ask(noted) == 20
    finally:
        await server.run(f"drop schema {server.name} cascade")


async def test_a_time_limit_ends_the_query_on_the_server(
    server, pool, clock
):
    asking = asyncio.create_task(give_up(pool, 3))
    await server.has(1, SLEEPS)
    await clock.advance(2.9)
    assert not asking.done()
    await server.has(1, SLEEPS)
    await clock.advance(0.1)
    assert await asking == "given up"
    await server.has(1, "state = 'idle'")
    assert await pool.fetchval("select 'ready'") == "ready"


# Python only: nobody can cancel a JavaScript function from outside.
async def test_a_cancelled_task_ends_the_query_on_the_server(
    server, pool
):
    asking = asyncio.create_task(give_up(pool, 60))
    await server.has(1, SLEEPS)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await server.has(1, "state = 'idle'")


# What the language does, without the program.


async def test_the_server_says_who_has_ended_a_query(server, pool):
    asking = asyncio.create_task(pool.execute("select pg_sleep(60)"))
    await server.has(1, SLEEPS)
    await server.ask(
        "select pg_cancel_backend(pid) from pg_stat_activity"
        " where application_name = $1",
        server.name,
    )
    with pytest.raises(
        asyncpg.QueryCanceledError,
        match="canceling statement due to user request",
    ) as caught:
        await asking
    assert caught.value.sqlstate == "57014"
    async with pool.acquire() as connection:
        await connection.execute("set statement_timeout = 50")
        with pytest.raises(
            asyncpg.QueryCanceledError,
            match="canceling statement due to statement timeout",
        ) as caught:
            await connection.execute("select pg_sleep(60)")
    assert caught.value.sqlstate == "57014"


async def test_a_cancel_that_comes_too_early_is_lost(server, pool):
    async with pool.acquire() as connection:
        pid = await connection.fetchval("select pg_backend_pid()")
        assert await server.ask("select pg_cancel_backend($1)", pid)
        answer = await connection.fetchval("select 'not cancelled'")
        assert answer == "not cancelled"


async def test_a_lost_client_does_not_stop_the_query(server):
    connection = await asyncpg.connect(server.url)
    pid = await connection.fetchval("select pg_backend_pid()")
    asking = asyncio.create_task(
        connection.execute("select pg_sleep(60)")
    )
    await server.has(1, SLEEPS)
    connection.terminate()
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await asking
    await server.has(1, SLEEPS)
    await server.ask("select pg_terminate_backend($1)", pid)
    await server.has(0, "true")


# Python only: nobody can cancel a promise before it starts.
async def test_a_query_cancelled_before_it_starts_is_never_sent(
    server, pool
):
    asking = asyncio.create_task(pool.fetchval("select pg_sleep(60)"))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await server.has(0, "true")


# Python only: `Promise.race` leaves the loser alone by itself.
async def test_shield_keeps_the_query_running(server, pool):
    asking = asyncio.create_task(pool.execute("select pg_sleep(60)"))
    await server.has(1, SLEEPS)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.shield(asking)
    await server.has(1, SLEEPS)
    asking.cancel()
    await server.has(1, "state = 'idle'")

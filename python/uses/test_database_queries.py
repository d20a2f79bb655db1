import asyncio
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg
import pytest

from helpers import limited, printed, running
from uses.database_queries import give_up, main, search

# Short sleeps last as long as a test says, and rows are counted.
SCHEMA = """
create schema {name};
set search_path = {name};
create sequence made;
create function pg_sleep(seconds float8) returns void
language plpgsql as $$ begin
    if seconds < 1 then
        perform pg_advisory_lock_shared({key});
        perform pg_advisory_unlock_shared({key});
    else
        perform pg_catalog.pg_sleep(seconds);
    end if;
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
                await self.ask("select pg_sleep(0.001)")


@pytest.fixture
async def server(database_url):
    connection = await asyncpg.connect(database_url)
    server = Server(connection, database_url)
    schema = SCHEMA.format(name=server.name, key=server.key)
    await connection.execute(schema)
    yield server
    await connection.execute(f"drop schema {server.name} cascade")
    await connection.close()


async def test_all_questions_are_answered(database_url):
    assert await printed(main(database_url)) == (
        "Meanwhile: 1 like\n"
        "Slow answers: 10 20 30\n"
        "Found: row 7\n"
        "A minute's wait: given up\n"
    )


async def test_three_queries_run_at_once_and_an_update_meanwhile(
    server,
):
    await server.hold()
    async with running(main(server.url)) as program:
        await server.has(3, "wait_event = 'advisory'")
        await program.prints("Meanwhile: 1 like")
        await server.has(3, "wait_event = 'advisory'")
        assert len(program.lines) == 1
        await server.release()
    assert program.lines[1] == "Slow answers: 10 20 30"
    await server.has(0, "true")


async def test_a_cancelled_query_ends_on_the_server_too(server):
    async with asyncpg.create_pool(server.url, min_size=1) as pool:
        asking = asyncio.create_task(give_up(pool, 60))
        await server.has(1, "wait_event = 'PgSleep'")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await server.has(0, "state = 'active'")
        await server.has(1, "state = 'idle'")


async def test_rows_that_nobody_reads_are_never_made(server):
    connection = await asyncpg.connect(server.url)
    assert await search(connection) == 7
    assert await server.ask("select last_value from made") == 10
    await connection.close()


async def test_a_query_that_nobody_awaits_never_starts(server):
    connection = await asyncpg.connect(server.url)
    query = connection.fetchval("select nextval('made')")
    await connection.fetchval("select 1")
    assert not await server.ask("select is_called from made")
    assert await query == 1
    await connection.close()


# Python only: in JavaScript the second query waits for its turn.
async def test_a_busy_connection_refuses_a_second_query(server):
    await server.hold()
    connection = await asyncpg.connect(server.url)
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
    await connection.close()


# Python only: in JavaScript a cursor needs no transaction.
async def test_a_cursor_needs_a_transaction(server):
    connection = await asyncpg.connect(server.url)
    with pytest.raises(
        asyncpg.NoActiveSQLTransactionError,
        match="cursor cannot be created outside of a transaction",
    ):
        async for _ in connection.cursor("select 1"):
            pass
    await connection.close()

"""Give up a query, and ask the server whether it has stopped, too.

Explained in docs/uses/cancel-a-query.md
Needs a PostgreSQL, whose address is in DATABASE_URL
"""

import asyncio
import os

import asyncpg

DATABASE_URL = os.environ.get(
    "DATABASE_URL", "postgres://app@127.0.0.1:5432/postgres"
)


async def state(pool: asyncpg.Pool, pid: int) -> str:
    query = "select state from pg_stat_activity where pid = $1"
    return await pool.fetchval(query, pid)


async def give_up(pool: asyncpg.Pool, seconds: float) -> str:
    try:
        # The limit cancels the wait, and asyncpg tells the server.
        async with asyncio.timeout(seconds):
            return await pool.execute("select pg_sleep(60)")
    except TimeoutError:
        return "given up"


async def main(database_url: str = DATABASE_URL) -> None:
    # A cancel can get lost: then the server itself ends the query.
    limits = {"statement_timeout": "20s"}
    pool = asyncpg.create_pool(
        database_url, min_size=0, max_size=2, server_settings=limits
    )
    # Nobody else uses this connection, so its state is our query's.
    async with pool, pool.acquire() as connection:
        pid = await connection.fetchval("select pg_backend_pid()")
        sleep = connection.execute("select pg_sleep(60)")
        query = asyncio.create_task(sleep)
        # The server begins a moment later: ask it until then.
        while await state(pool, pid) != "active":
            pass
        # This ends our wait, and nothing else.
        await asyncio.wait([query], timeout=0.2)
        print("Nobody waits:", await state(pool, pid))
        query.cancel()
        await asyncio.wait([query])
        # The connection answers again once the server has stopped.
        await connection.execute("select 'ready'")
        print("Cancelled:", await state(pool, pid))
        print("With a time limit:", await give_up(pool, 0.2))


if __name__ == "__main__":
    asyncio.run(main())

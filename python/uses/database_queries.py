"""Query PostgreSQL: many at once, row by row, and not to the end."""

import asyncio
import os

import asyncpg

DATABASE_URL = os.environ.get(
    "DATABASE_URL", "postgres://app@127.0.0.1:5432/postgres"
)


async def ask_slowly(pool: asyncpg.Pool, number: int) -> int:
    query = "select $1::int * 10 from pg_sleep(0.3)"
    return await pool.fetchval(query, number)


async def like(connection: asyncpg.Connection) -> int:
    query = "update posts set likes = likes + 1 returning likes"
    return await connection.fetchval(query)


async def search(connection: asyncpg.Connection) -> int:
    query = "select generate_series(1, 1000000) as id"
    # The rows stay in the database until they are read, ten by ten.
    async with connection.transaction():
        async for row in connection.cursor(query, prefetch=10):
            if row["id"] % 7 == 0:
                return row["id"]
    return 0


async def give_up(pool: asyncpg.Pool, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            return await pool.fetchval("select pg_sleep(60)")
    except TimeoutError:
        return "given up"


async def main(database_url: str = DATABASE_URL) -> None:
    pool = asyncpg.create_pool(database_url, min_size=1, max_size=4)
    async with pool, pool.acquire() as connection:
        # Only this connection sees the table, which goes with it.
        table = "create temporary table posts as select 0 as likes"
        await connection.execute(table)
        slow = asyncio.gather(*(ask_slowly(pool, n) for n in (1, 2, 3)))
        print("Meanwhile:", await like(connection), "like")
        print("Slow answers:", *await slow)
        print("Found: row", await search(connection))
        print("A minute's wait:", await give_up(pool, 0.1))


if __name__ == "__main__":
    asyncio.run(main())

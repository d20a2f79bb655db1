"""Ask PostgreSQL several questions at once, through a pool.

Explained in docs/uses/database-queries.md
Needs a PostgreSQL, whose address is in DATABASE_URL
"""

import asyncio
import os

import asyncpg

DATABASE_URL = os.environ.get(
    "DATABASE_URL", "postgres://app@127.0.0.1:5432/postgres"
)
# The last name would find every post if it became part of a query.
AUTHORS = ["Ada", "Grace", "Alan", "' or author <> '"]


async def count_posts(
    pool: asyncpg.Pool, author: str
) -> asyncpg.Record:
    # The name travels beside the query, so nobody reads it as SQL.
    query = """
        select pg_backend_pid() as connection, (
            select count(*)::int
            from (values ('Ada'), ('Ada'), ('Grace')) as posts (author)
            where author = $1
        ) as posts from pg_sleep(0.2)
    """
    return await pool.fetchrow(query, author)


async def find_seventh(pool: asyncpg.Pool) -> int | None:
    query = "select generate_series(1, 1000000) as id"
    # The server makes rows only as we read them, ten at a time.
    # Such a cursor lives in a transaction.
    async with pool.acquire() as connection, connection.transaction():
        async for row in connection.cursor(query, prefetch=10):
            if row["id"] % 7 == 0:
                return row["id"]
    return None


async def main(database_url: str = DATABASE_URL) -> None:
    # A server has few connections: two of them serve all our tasks.
    # It ends each query that takes longer than 30 seconds.
    limits = {"statement_timeout": "30s"}
    async with asyncpg.create_pool(
        database_url, min_size=0, max_size=2, server_settings=limits
    ) as pool:
        async with asyncio.TaskGroup() as group:
            asking = [
                group.create_task(count_posts(pool, author))
                for author in AUTHORS
            ]
        rows = [task.result() for task in asking]
        for author, row in zip(AUTHORS, rows, strict=True):
            print(f"Posts of {author}: {row['posts']}")
        connections = {row["connection"] for row in rows}
        print(f"{len(rows)} queries, {len(connections)} connections")
        print("Found: row", await find_seventh(pool))


if __name__ == "__main__":
    asyncio.run(main())

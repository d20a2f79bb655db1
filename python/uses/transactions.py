"""Move money between two accounts: both change, or none does.

Explained in docs/uses/transactions.md
Needs a PostgreSQL, whose address is in DATABASE_URL
"""

import asyncio
import os
from uuid import uuid4

import asyncpg

DATABASE_URL = os.environ.get(
    "DATABASE_URL", "postgres://app@127.0.0.1:5432/postgres"
)
CHANGE = "update accounts set balance = balance + $2 where owner = $1"


async def pay(pool: asyncpg.Pool, amount: int) -> str:
    try:
        # A transaction belongs to one connection, so take one of them.
        async with (
            pool.acquire() as connection,
            connection.transaction(),
        ):
            await connection.execute(CHANGE, "Grace", amount)
            # The table allows no debts, so this one may fail.
            await connection.execute(CHANGE, "Ada", -amount)
    except asyncpg.CheckViolationError:
        return "refused"
    # The block has ended without an error: now both changes count.
    return "done"


async def balances(pool: asyncpg.Pool) -> str:
    rows = await pool.fetch("select * from accounts order by owner")
    return ", ".join(f"{row['owner']} {row['balance']}" for row in rows)


async def main(database_url: str = DATABASE_URL) -> None:
    # Our table lives in a schema of this run, and goes with it.
    schema = f"run_{uuid4().hex}"
    settings = {"search_path": schema, "statement_timeout": "20s"}
    async with asyncpg.create_pool(
        database_url, min_size=0, max_size=2, server_settings=settings
    ) as pool:
        try:
            await pool.execute(f"""
            create schema {schema} create table accounts (
                owner text, balance int check (balance >= 0));
            insert into accounts values ('Ada', 100), ('Grace', 0)""")
            print("At first:", await balances(pool))
            print("Ada pays 30:", await pay(pool, 30))
            print("Ada pays 500:", await pay(pool, 500))
            print("At the end:", await balances(pool))
        finally:
            await pool.execute(
                f"drop schema if exists {schema} cascade"
            )


if __name__ == "__main__":
    asyncio.run(main())

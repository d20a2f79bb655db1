"""Two tasks can wait at once; two processes can also work at once."""

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from threading import BrokenBarrierError
from types import SimpleNamespace

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
SPAWN = multiprocessing.get_context("spawn")  # works on every system
shared = SimpleNamespace()  # each process has its own


# Python only: a worker of JavaScript's is handed the table.
def share(table: object) -> None:
    shared.table = table


def meet(name: str, patience: float) -> str:
    # Ordinary code: it stays in here until the other is in here, too.
    try:
        shared.table.wait(patience)
    except BrokenBarrierError:
        return f"{name} met nobody."
    return f"{name} met the other."


async def as_tasks(names: list[str]) -> list[str]:
    async def task(name: str) -> str:
        return meet(name, 0.1)

    share(SPAWN.Barrier(2))
    return await asyncio.gather(*map(task, names))


def as_workers(names: list[str]) -> list[str]:
    table = SPAWN.Barrier(2)
    with ProcessPoolExecutor(2, SPAWN, share, (table,)) as pool:
        return list(pool.map(meet, names, [30, 30]))


async def get_name(client: httpx.AsyncClient, user_id: int) -> str:
    response = await client.get(f"/users/{user_id}")
    response.raise_for_status()
    return response.json()["name"]


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        requests = [get_name(client, user_id) for user_id in (1, 2)]
        names = await asyncio.gather(*requests)
    print("Two tasks:", *await as_tasks(names))
    print("Two workers:", *await asyncio.to_thread(as_workers, names))


if __name__ == "__main__":
    asyncio.run(main())

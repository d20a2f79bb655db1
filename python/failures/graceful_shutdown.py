"""Stop a worker by a signal, in the middle of three jobs.

Explained in docs/failures/graceful-shutdown.md
Needs the mock API: nox -s api
"""

import asyncio
import os
import signal
from signal import SIGINT, SIGTERM

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
JOBS = ["/users/4", "/users/5", "/users/3?delay=30", "/users/1"]
# Seconds that the jobs under way still have after the signal.
LIMIT = 1


async def work(
    client: httpx.AsyncClient, todo: list[str], left: list[str]
) -> None:
    while todo:
        job = todo.pop(0)
        response = await client.get(job)
        print("Done:", response.raise_for_status().json()["name"])
        left.remove(job)


async def run(client: httpx.AsyncClient, left: list[str]) -> None:
    loop = asyncio.get_running_loop()
    todo = left[:]

    def stop(number: int) -> None:
        print(f"{signal.Signals(number).name}: no new jobs")
        # The workers share this list: each ends after its job.
        todo.clear()
        # Nobody is left to be cancelled if all jobs end before.
        for worker in workers:
            loop.call_later(LIMIT, worker.cancel)

    def on_signal(number: int, _: object) -> None:
        # The same signal once more ends the process at once.
        signal.signal(number, signal.SIG_DFL)
        # A signal comes in the middle of any line: tell the loop.
        loop.call_soon_threadsafe(stop, number)

    before = {n: signal.signal(n, on_signal) for n in (SIGINT, SIGTERM)}
    try:
        async with asyncio.TaskGroup() as group:
            workers = [
                group.create_task(work(client, todo, left))
                for _ in range(3)
            ]
    finally:
        # Else nothing could stop what the caller does next.
        for number, handler in before.items():
            signal.signal(number, handler)
        # For whoever does them later, also after a failure.
        print("Not done:", *left)


async def main(api_url: str = API_URL) -> None:
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=api_url) as client:
        # In its place, Ctrl+C or another process would send a signal.
        loop.call_later(0.1, signal.raise_signal, SIGTERM)
        await run(client, JOBS[:])


if __name__ == "__main__":
    asyncio.run(main())

"""Ask six sources, at most three at a time; ask the busy again.

Explained in docs/uses/many-sources.md
Needs the mock API: nox -s api
"""

import asyncio
import math
import os
import random
from asyncio import Semaphore
from typing import Any

import httpx
from httpx import AsyncClient

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
SOURCES = ["temperature", "traffic", "wind", "snow", "ozone", "noise"]
# What may pass: no answer, too many requests, service unavailable.
AGAIN = ["no answer", 429, 503]


def pause(retry_after: str | None, attempt: int) -> float:
    # Twice as long each time, and random: otherwise all clients that
    # met the same failure come back at the same moment.
    own = 0.1 * 2**attempt * random.uniform(0.5, 1)
    if not retry_after:
        return own
    # It may also be a date. We do not wait for a date.
    asked = float(retry_after) if retry_after.isdecimal() else math.inf
    return max(own, asked)


async def once(client: AsyncClient, name: str) -> tuple[Any, ...]:
    try:
        async with asyncio.timeout(2):
            response = await client.get(f"/sources/{name}")
        found = response.json() if response.is_success else None
    except (httpx.RequestError, TimeoutError, ValueError):
        return "no answer", None, None
    retry_after = response.headers.get("Retry-After")
    return response.status_code, retry_after, found


async def ask(client: AsyncClient, slots: Semaphore, name: str) -> str:
    # A GET changes nothing, so it may be repeated. A POST may not:
    # its answer can be lost after it was obeyed.
    attempt = 1
    while True:
        # During the pause the slot is free for another source.
        async with slots:
            status, retry_after, found = await once(client, name)
        wait = pause(retry_after, attempt)
        if status not in AGAIN or attempt == 3 or wait > 5:
            break
        await asyncio.sleep(wait)
        attempt += 1
    match found:
        case {"value": value, "unit": unit}:
            return f"{name}: {value} {unit}"
    return f"{name}: no value ({status})"


async def main(api_url: str = API_URL) -> None:
    slots = Semaphore(3)
    async with AsyncClient(base_url=api_url) as client:
        rows = (ask(client, slots, name) for name in SOURCES)
        print(*await asyncio.gather(*rows), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())

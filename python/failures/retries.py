"""Ask a busy server again: later, and not for ever.

Explained in docs/failures/retries.md
Needs the mock API: nox -s api
"""

import asyncio
import logging
import os
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from httpx import AsyncClient, HTTPStatusError, Response, TransportError
from stamina import AsyncRetryingCaller

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# Twice does the same as once. A POST that arrives twice counts twice.
REPEATABLE = ["GET", "PUT"]


def asked_pause(response: Response) -> float:
    value = response.headers.get("Retry-After", "0")
    if value.isdecimal():
        return float(value)
    # Otherwise it is a date. Dates in HTTP are in UTC.
    try:
        until = parsedate_to_datetime(value).replace(tzinfo=UTC)
    except ValueError:
        return 0
    return (until - datetime.now(UTC)).total_seconds()


def again(error: Exception) -> bool | float:
    if not isinstance(error, HTTPStatusError):
        # Nothing came back: the next attempt may have more luck.
        return isinstance(error, TransportError | TimeoutError)
    pause = asked_pause(error.response)
    # Nobody waits here for longer, and to come sooner is no use.
    if error.response.status_code not in (429, 503) or pause > 5:
        return False
    # The clients that the server has sent away come back one by one.
    return pause + random.uniform(0.1, 0.2) if pause > 0 else True


async def once(client: AsyncClient, method: str, path: str) -> Any:
    async with asyncio.timeout(2):
        response = await client.request(method, path)
    response.raise_for_status()
    return response.json()


async def ask(client: AsyncClient, method: str, path: str) -> Any:
    attempts = 4 if method in REPEATABLE else 1
    retry = AsyncRetryingCaller(
        attempts, wait_initial=0.1, wait_jitter=0.1
    )
    # One limit for all of it, so that a pause cannot outlast it.
    async with asyncio.timeout(10):
        return await retry(again, once, client, method, path)


async def main(api_url: str = API_URL) -> None:
    async with AsyncClient(base_url=api_url) as client:
        traffic = await ask(client, "GET", "/sources/traffic")
        print(f"Traffic: {traffic['value']} {traffic['unit']}")


if __name__ == "__main__":
    # stamina warns of each retry. Here only the result is of interest.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    asyncio.run(main())

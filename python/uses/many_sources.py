"""Ask twelve sources, at most four at a time, for one table."""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
SOURCES = """
temperature humidity traffic pressure wind rainfall
sunshine snow visibility pollen ozone noise
"""
AT_ONCE = 4
ATTEMPTS = 3


def pause(retry_after: str | None, attempt: int) -> float:
    # What the server asks for, or else twice as long each time.
    return float(retry_after or 0.01 * 2**attempt)


def line(name: str, value: object, unit: str, tries: object) -> str:
    return f"{name:<11}  {value!s:>5}  {unit:<9}  {tries!s:>5}"


async def ask(
    client: httpx.AsyncClient,
    slots: asyncio.Semaphore,
    name: str,
    attempt: int = 1,
) -> str:
    try:
        async with slots:
            answer = await client.get(f"/sources/{name}")
    except httpx.TransportError:
        return line(name, "-", "no answer", attempt)
    if answer.status_code == 503 and attempt < ATTEMPTS:
        # During the pause the slot is free for another source.
        retry_after = answer.headers.get("Retry-After")
        await asyncio.sleep(pause(retry_after, attempt))
        return await ask(client, slots, name, attempt + 1)
    if answer.is_error:
        return line(name, "-", f"HTTP {answer.status_code}", attempt)
    source = answer.json()
    return line(name, source["value"], source["unit"], attempt)


async def main(api_url: str = API_URL) -> None:
    slots = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=api_url) as client:
        rows = [ask(client, slots, name) for name in SOURCES.split()]
        table = await asyncio.gather(*rows)
    print(line("source", "value", "unit", "tries"), *table, sep="\n")


if __name__ == "__main__":
    asyncio.run(main())

"""Ask three sources, and show how each request has ended.

Explained in docs/combining/settle-all.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# One of them is broken.
SOURCES = ["humidity", "snow", "temperature"]


class RequestError(Exception):
    """What we expect to go wrong. Anything else is a bug."""


async def get_value(client: httpx.AsyncClient, name: str) -> str:
    try:
        # One that never answers would hold up the whole list.
        async with asyncio.timeout(2):
            response = await client.get(f"/sources/{name}")
    except (httpx.HTTPError, TimeoutError) as error:
        raise RequestError("no answer") from error
    if response.is_error:
        raise RequestError(f"HTTP {response.status_code}")
    found = response.json()
    return f"{found['value']} {found['unit']}"


async def settle_all(
    client: httpx.AsyncClient, names: list[str]
) -> list[str | BaseException]:
    values = [get_value(client, name) for name in names]
    # Otherwise the first failure is all that you hear of.
    return await asyncio.gather(*values, return_exceptions=True)


def describe(outcome: str | BaseException) -> str:
    if isinstance(outcome, RequestError):
        return str(outcome)
    # The list holds bugs as well, and nobody else reports them.
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        outcomes = await settle_all(client, SOURCES)
    # In the order of the sources, not of the answers.
    for name, outcome in zip(SOURCES, outcomes, strict=True):
        print(f"{name}: {describe(outcome)}")
    good = [o for o in outcomes if isinstance(o, str)]
    print(f"{len(good)} of {len(SOURCES)} have a value")


if __name__ == "__main__":
    asyncio.run(main())

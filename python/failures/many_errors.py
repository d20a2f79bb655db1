"""Check links: several fail at once, and not all in the same way.

Explained in docs/failures/many-errors.md
Needs the mock API: nox -s api
"""

import asyncio
import os

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")
# No such user, a busy server, and a connection that breaks off.
LINKS = ["/data", "/users/9", "/status/503", "/feeds/sport"]


class GoneError(Exception):
    """There is no such page."""


async def check(client: httpx.AsyncClient, path: str) -> None:
    try:
        response = await client.get(path)
        if response.status_code == 404:
            raise GoneError
        response.raise_for_status()
    except Exception as error:
        # Among many, an error does not say whose it is.
        error.add_note(f"asked for {path}")
        raise


async def check_all(client: httpx.AsyncClient, *paths: str) -> None:
    checks = [check(client, path) for path in paths]
    outcomes = await asyncio.gather(*checks, return_exceptions=True)
    errors = [error for error in outcomes if error is not None]
    # There is no group without errors, so ask before you make one.
    if errors:
        raise BaseExceptionGroup("bad links", errors)


async def main(api_url: str = API_URL) -> None:
    async with httpx.AsyncClient(base_url=api_url) as client:
        try:
            await check_all(client, *LINKS)
        # Each kind has its clause. What no clause takes, goes on.
        except* GoneError as gone:
            for error in gone.exceptions:
                print("Gone:", *error.__notes__)
        except* httpx.HTTPError as failed:
            for failure in failed.exceptions:
                print("Failed:", *failure.__notes__)


if __name__ == "__main__":
    asyncio.run(main())

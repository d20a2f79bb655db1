"""Fixtures for the tests of the mock API itself."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from mock_api.client import MockApi, scenario
from mock_api.process import server
from mock_api.testing import SHORT


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture
async def api(server_url: str) -> AsyncIterator[MockApi]:
    """A scenario that answers at once and waits long: a test that waits is broken."""
    async with scenario(server_url, delays=False, limit=30) as made:
        yield made


@pytest.fixture
async def impatient(server_url: str) -> AsyncIterator[MockApi]:
    """A scenario in which nothing waits long: for what is not to come."""
    async with scenario(server_url, delays=False, limit=SHORT) as made:
        yield made


@pytest.fixture
async def client(api: MockApi) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `api`."""
    async with httpx.AsyncClient(
        base_url=api.url, timeout=60, trust_env=False, verify=False
    ) as made:
        yield made
